# syntax=docker/dockerfile:1

FROM python:3.12.11-slim-bookworm AS build
ARG EXTRAS=prometheus,models,web,x11,chromium,postgres,otel,fast
WORKDIR /src
# By variables, because the environment in which pip builds the package must keep to the constraints as well; older
# releases of pip read the first one for it, newer ones the second.
ENV PIP_CONSTRAINT=/src/constraints.txt \
    PIP_BUILD_CONSTRAINT=/src/constraints.txt \
    PIP_NO_CACHE_DIR=1
RUN python -m venv /app/.venv
# What the package requires comes before its sources, so that a change of them installs nothing of it again.
COPY pyproject.toml constraints.txt ./
RUN python -c 'import os, tomllib; \
project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
chosen = [project["optional-dependencies"][extra] for extra in os.environ["EXTRAS"].split(",")]; \
wanted = [line for lines in (project["dependencies"], *chosen) for line in lines]; \
print(*(line for line in wanted if not line.startswith(project["name"])), sep="\n")' > requirements.txt \
    && /app/.venv/bin/pip install --requirement requirements.txt
COPY README.md LICENSE ./
COPY gui_agents ./gui_agents
COPY collectors ./collectors
RUN /app/.venv/bin/pip install ".[$EXTRAS]"

# The service alone: the simulated desktop, and Lybic's cloud.
FROM python:3.12.11-slim-bookworm AS service
RUN groupadd --gid 10001 agents \
    && useradd --uid 10001 --gid agents --no-create-home --home-dir /app --shell /usr/sbin/nologin agents \
    && mkdir -p /app/runtime \
    && chown agents:agents /app/runtime
COPY --from=build /app/.venv /app/.venv
WORKDIR /app
# Within a container, its own loopback is nobody else's. So the service starts with tokens and TLS alone, or with
# ALLOW_INSECURE=true: docs/security.md.
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

# With real desktops and browsers: docker build --target desktops. What their jails need of the container: docs/sandboxes.md.
FROM service AS desktops
USER root
COPY tools/system-packages /usr/local/bin/
RUN system-packages desktop browser \
    && apt-get install --yes --no-install-recommends fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/* /usr/local/bin/system-packages
USER 10001:10001

# What a build without --target makes.
FROM service
