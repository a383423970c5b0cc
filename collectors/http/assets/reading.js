/** What the page shows of one scrape, and the one place that knows the metrics' names. Absent values are undefined. */

const OUTCOMES = ["completed", "failed", "cancelled"];
const CALL_OUTCOMES = ["ok", "error", "timeout", "invalid"];
const DEATHS = ["crashed", "out_of_memory", "killed", "unreachable"];
const MOST = 0.95;

/** Return a reading of an exposition; both times are Unix seconds, one by this clock and one by the service's. */
export function read(page, time, serviceTime) {
  return {
    time,
    service: service(page),
    tasks: tasks(page, serviceTime),
    rpcs: rpcs(page),
    models: models(page),
    steps: steps(page),
    sandboxes: sandboxes(page),
    streams: streams(page),
    storage: storage(page),
    process: process(page),
    sections: sections(page),
  };
}

function service(page) {
  const info = page.samples("agent_service_info")[0]?.labels ?? {};
  return {
    version: info.version,
    domain: info.domain,
    logLevel: info.log_level,
    uptime: page.value("agent_service_uptime_seconds"),
    lag: page.value("agent_event_loop_lag_seconds"),
    blocked: page.value("agent_event_loop_blocked_seconds_total"),
    files: page.value("agent_temp_files_count"),
  };
}

function tasks(page, now) {
  const created = page.by("status", "agent_tasks_created_total");
  const age = (name) => {
    const since = page.value(name);
    return since === undefined ? undefined : Math.max(0, now - since);
  };
  return {
    running: page.value("agent_tasks_active"),
    waiting: page.value("agent_tasks", { status: "pending" }),
    slots: page.value("agent_task_slots"),
    capacity: page.value("agent_task_queue_capacity"),
    retained: page.value("agent_tasks_retained"),
    created: Object.fromEntries(["pending", "running", ...OUTCOMES].map((status) => [status, created.get(status)])),
    ended: created.size === 0 ? undefined : OUTCOMES.reduce((sum, status) => sum + created.get(status), 0),
    recent: recent(page, "status", "agent_recent_tasks", OUTCOMES),
    refused: page.value("agent_recent_rejections", { reason: "queue_full" }),
    failures: page.by("reason", "agent_task_failures_total"),
    rejected: page.by("reason", "agent_tasks_rejected_total"),
    successRate: page.value("agent_task_success_rate"),
    longestWait: age("agent_task_oldest_pending_timestamp_seconds"),
    longestSilence: age("agent_task_oldest_progress_timestamp_seconds"),
    p50: page.value("agent_task_latency_seconds", { quantile: "0.5" }),
    p95: page.value("agent_task_latency_seconds", { quantile: "0.95" }),
    p99: page.value("agent_task_latency_seconds", { quantile: "0.99" }),
    execution: page.histogram("agent_task_execution_duration_seconds"),
    queueWait: page.histogram("agent_task_queue_wait_duration_seconds"),
  };
}

function rpcs(page) {
  const errors = page.by("method", "agent_grpc_errors_total");
  const seconds = page.by("method", "agent_grpc_request_duration_seconds_sum");
  const ended = page.by("method", "agent_grpc_request_duration_seconds_count");
  const open = page.by("method", "agent_grpc_stream_connections");
  const methods = [...page.by("method", "agent_grpc_requests_total")].map(([name, requests]) => ({
    name,
    requests,
    errors: errors.get(name) ?? 0,
    codes: [...page.by("status_code", "agent_grpc_errors_total", { method: name })].filter(([, count]) => count > 0),
    meanSeconds: ended.get(name) > 0 ? seconds.get(name) / ended.get(name) : undefined,
    open: open.get(name),
  }));
  return {
    methods,
    requests: page.total("agent_grpc_requests_total"),
    errors: page.total("agent_grpc_errors_total"),
  };
}

function models(page) {
  const calls = page.by("provider", "agent_model_requests_total");
  const good = page.by("provider", "agent_model_requests_total", { outcome: "ok" });
  const seconds = page.by("provider", "agent_model_request_duration_seconds_sum");
  return {
    input: page.value("agent_tokens_consumed_total", { type: "input" }),
    output: page.value("agent_tokens_consumed_total", { type: "output" }),
    cost: page.by("currency", "agent_execution_cost_total"),
    budgets: budgets(page),
    recent: recent(page, "outcome", "agent_recent_model_calls", CALL_OUTCOMES),
    priceUnknown: page.total("agent_model_price_unknown_total"),
    providers: [...calls].map(([name, count]) => ({
      name,
      calls: count,
      good: good.get(name),
      meanSeconds: count > 0 ? seconds.get(name) / count : undefined,
    })),
  };
}

function budgets(page) {
  const spent = page.by("currency", "agent_budget_spent", { scope: "day" });
  return [...page.by("currency", "agent_budget_limit", { scope: "day" })].map(([currency, limit]) => (
    { currency, limit, spent: spent.get(currency), share: spent.get(currency) / limit }
  ));
}

function steps(page) {
  const seconds = page.by("phase", "agent_step_phase_duration_seconds_sum");
  const count = page.by("phase", "agent_step_phase_duration_seconds_count");
  return {
    made: page.value("agent_proxy_steps_total"),
    phases: new Map([...seconds].map(([phase, sum]) => [phase, count.get(phase) > 0 ? sum / count.get(phase) : 0])),
  };
}

function sandboxes(page) {
  return {
    open: page.total("agent_sandboxes"),
    warm: page.value("agent_sandboxes_warm"),
    types: sandboxTypes(page),
    ended: page.by("reason", "agent_sandboxes_ended_total"),
    egress: page.by("verdict", "agent_egress_connections_total"),
    failed: page.total("agent_sandbox_failures_total"),
    actions: page.by("action", "agent_actions_total"),
    failedActions: page.by("action", "agent_actions_total", { outcome: "error" }),
  };
}

function sandboxTypes(page) {
  const open = page.by("sandbox_type", "agent_sandboxes");
  return [...page.by("sandbox_type", "agent_sandbox_created_total")].map(([name, created]) => {
    const ended = page.by("reason", "agent_sandboxes_ended_total", { sandbox_type: name });
    const cold = page.histogram("agent_sandbox_open_duration_seconds", { sandbox_type: name, start: "cold" });
    return {
      name,
      created,
      open: open.get(name),
      died: ended.size === 0 ? undefined : DEATHS.reduce((sum, reason) => sum + (ended.get(reason) ?? 0), 0),
      opening: cold?.count > 0 ? { within: boundOf(cold, MOST), longest: cold.bounds.at(-2) } : undefined,
    };
  });
}

/** Return the bound below which this share of the observations lies, Infinity if they lie above all bounds. */
function boundOf({ bounds, counts, count }, share) {
  let below = 0;
  return bounds.find((_bound, index) => {
    below += counts[index];
    return below >= share * count;
  });
}

function streams(page) {
  return {
    logs: page.value("agent_stream_manager_tasks"),
    subscribers: page.value("agent_stream_subscribers"),
    messages: page.value("agent_stream_messages_total"),
  };
}

function storage(page) {
  const commits = (outcome) => page.value("agent_storage_operations_total", { operation: "commit", outcome });
  return {
    waiting: page.value("agent_storage_queue"),
    size: page.value("agent_storage_bytes"),
    written: commits("ok"),
    failed: commits("error"),
    refused: page.value("agent_recent_rejections", { reason: "storage" }),
  };
}

function process(page) {
  return {
    memory: page.value("agent_memory_usage_bytes"),
    cpu: page.value("process_cpu_seconds_total"),
    openFiles: page.value("process_open_fds"),
    maxFiles: page.value("process_max_fds"),
  };
}

/** Return counts of the last five minutes by their keys; a lean page leaves out those that were always 0. */
function recent(page, label, name, keys) {
  const told = page.by(label, name);
  return told.size === 0 ? undefined : Object.fromEntries(keys.map((key) => [key, told.get(key) ?? 0]));
}

function sections(page) {
  const seconds = page.by("section", "agent_collector_duration_seconds");
  return [...page.by("section", "agent_collector_success")].map(([name, success]) => ({
    name,
    success: success === 1,
    seconds: seconds.get(name),
  }));
}
