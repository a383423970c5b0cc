"""OpenTelemetry: the same rows of the same snapshot, sent to an OTLP endpoint in intervals.

Importing this package needs the `otel` extra: `pip install "gui-agents-service[otel]"`.
"""

from collectors.otel.exporting import OtelExport, otel_export

__all__ = ["OtelExport", "otel_export"]
