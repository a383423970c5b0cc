"""Where tasks are stored, one module a store; `domain.storage` says what is stored."""
