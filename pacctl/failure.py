"""What ends pacctl early: a sentence for people and an exit code for scripts."""


class Failure(Exception):  # noqa: N818  # it may be the right answer: "no such hold"
    """
    Ends the command.

    Attributes:
        what: What went wrong.
        fix: How to mend it; empty where `what` says that, or nothing can be done.
        exit: What pacctl ends with: one of wire.Exit.
        words: What a tool said, if one was involved.
        lines: What to say on the screen, where it is laid out in lines: else one, of what and fix.
    """

    def __init__(
        self,
        what: str,
        exit: int,  # noqa: A002  # the word of requirements 1.3
        *,
        fix: str = "",
        words: str = "",
        laid_out: bool = False,
    ) -> None:
        sentence = f"{what} {fix}" if fix else what
        super().__init__(sentence)
        self.lines = sentence.rstrip("\n").split("\n") if laid_out else [sentence]
        self.what = what
        self.fix = fix
        self.exit = exit
        self.words = words
