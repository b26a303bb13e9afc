"""The error of the scripts that the user can fix."""


class Failure(Exception):
    """Its text is one line; quiet_pipe prints it as `error: ...` if no script handles it."""
