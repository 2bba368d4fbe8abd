"""Values that are offered where a person may type any: languages and licences."""

from babel import Locale, UnknownLocaleError
from flask_babel import get_locale, gettext

LANGUAGES = (
    *("ar", "bg", "bn", "ca", "cs", "da", "de", "de-AT", "de-CH", "el", "en", "en-AU", "en-GB"),
    *("en-US", "es", "es-MX", "et", "fa", "fi", "fr", "fr-CA", "he", "hi", "hr", "hu", "id", "it"),
    *("ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sr", "sv"),
    *("sw", "ta", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant"),
)
LICENCES = (
    *("CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0", "CC BY-ND 4.0", "CC BY-NC 4.0", "CC BY-NC-SA 4.0"),
    *("CC BY-NC-ND 4.0", "MIT", "Public domain", "All rights reserved"),
)


def languages() -> list[tuple[str, str]]:
    """Codes with their names in the reader's language, by name."""
    named = [(code, language_name(code)) for code in LANGUAGES]
    return sorted(named, key=lambda each: each[1].casefold())


def language_name(code: str) -> str:
    """The language in words; empty for what is no BCP 47 tag that Babel knows."""
    try:
        return Locale.parse(code, sep="-").get_display_name(get_locale()) or ""
    except (UnknownLocaleError, ValueError):
        return ""


def access_words() -> dict[str, str]:
    """Who may see a file, by the value of `access`."""
    return {
        "course": gettext("Course: members of this library, and learners in its lessons"),
        "unlisted": gettext("Unlisted: anyone with the link"),
        "public": gettext("Public: everyone"),
    }
