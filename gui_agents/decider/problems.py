"""Why an instruction is not carried out."""


class NotUnderstoodError(Exception):
    """No pattern knows `clause`."""

    def __init__(self, clause: str) -> None:
        super().__init__(clause)
        self.clause = clause


class NotPossibleError(Exception):
    """The screen does not have what is asked for; the text says what."""
