"""One replay from checked options to finished files. The command and the demo both call this."""

from dataclasses import replace

from darkwake.config import Settings
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult, write_result
from darkwake.progress import Progress
from darkwake.staging import staging


def run_replay(
    options: ReplayOptions, settings: Settings, progress: Progress | None = None
) -> ReplayResult:
    """Replay `options.paths` and write the result to the folder `options.out`, whole or not at all.

    Raises:
        StoreError: the folder cannot be written; raised before any file is read.
        InputError: a file is not AIS data, or is damaged.
    """
    progress = progress or Progress()
    with staging(options.out) as folder:
        # Not before: numba loads for a second, and a folder that cannot be written is told first.
        from darkwake.replay import replay  # noqa: PLC0415

        aside = replace(options, out=folder)
        result = replay(aside, settings, progress)
        write_result(result, aside, progress)
    return result
