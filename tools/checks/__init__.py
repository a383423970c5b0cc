"""What is wrong with rule files, dashboards and runbooks, whoever wrote them; findings have a file, a line, a reason.

A rule can be good syntax and still never fire: sides of a division whose labels do not match, a metric or a label
value that nobody exposes, a threshold above the largest bucket. expressions.py finds those in the syntax tree of a
query; the other modules find the queries in their files.
"""
