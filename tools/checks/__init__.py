"""What is wrong with the committed rules, dashboards and runbooks; findings have a file, a line, a reason.

A rule can be good syntax and still never fire: sides of a division whose labels do not match, a metric or a label
value that nobody exposes, a threshold above the largest bucket. expressions.py finds those in the syntax tree of a
query; the other modules find the queries in their files. What promtool finds (syntax, keys, durations, duplicates) is
left to promtool, and the structure of dashboards to Grafana's schema.
"""
