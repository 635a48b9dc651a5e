"""What signals are called."""

import signal


def signal_name(number: int) -> str:
    """
    Name a signal as `kill -l` of bash does; never fails.

    Python 3.11 knows the first and the last real-time signal and none between (signal.Signals).
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        above = number - signal.SIGRTMIN
        return f"SIGRTMIN+{above}" if above > 0 else f"signal {number}"
