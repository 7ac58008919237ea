"""TLS as a client: certificates and names are always checked."""

import ssl

from feeds.live.settings import Settings


def client_context(settings: Settings) -> ssl.SSLContext:
    """Return a context for a client; option `ca_file` replaces the system's authorities.

    Raises:
        ConfigError: the file is missing or holds no certificate.
    """
    file = settings.file("ca_file")
    try:
        context = ssl.create_default_context(cafile=file)
    except (ssl.SSLError, OSError) as error:
        raise settings.error(f"ca_file {file!r} holds no certificate: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
