"""OpenAI's Chat Completions: what a model is sent, and how its answers are read."""
