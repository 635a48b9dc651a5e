"""How numbers stand in sentences."""


def several(number: int, noun: str) -> str:
    """A number and its noun: "1 file", "1212 files"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
