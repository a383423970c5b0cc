"""The words that everybody uses: actions, screens, tasks, models, money. Imports nothing else of this project."""
