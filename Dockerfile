# syntax=docker/dockerfile:1

FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /app/.venv
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY gui_agents ./gui_agents
COPY collectors ./collectors
RUN /app/.venv/bin/pip install --no-cache-dir --constraint constraints.txt ".[prometheus,openai,web,otel]"

FROM python:3.12-slim
RUN groupadd --gid 10001 agents \
    && useradd --uid 10001 --gid agents --no-create-home --home-dir /app --shell /usr/sbin/nologin agents \
    && mkdir -p /app/runtime \
    && chown agents:agents /app/runtime
COPY --from=build /app/.venv /app/.venv
WORKDIR /app
# Within a container, its own loopback is nobody else's.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GRPC_HOST=0.0.0.0 \
    PROMETHEUS_HOST=0.0.0.0 \
    RUNTIME_DIR=/app/runtime
USER 10001:10001
EXPOSE 50051 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=3 CMD ["gui-agents", "health"]
CMD ["/app/.venv/bin/lybic-guiagent-grpc"]
