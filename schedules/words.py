"""Why a step failed, in the words of whoever refused."""

import dagster as dg

MESSAGE_LINES = 20  # the whole is in the UI


def words(event: dg.DagsterEvent) -> str:
    """The reason that a failed step gave, or the end of the error that stopped it."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    if failure.error is None:
        return "no reason given"
    return "\n".join((failure.error.cause or failure.error).message.strip().splitlines()[-MESSAGE_LINES:])
