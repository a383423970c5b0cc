"""What all packages share: actions, screens, tasks, models, money, errors. It imports nothing else of this project."""
