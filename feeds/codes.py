"""Words that sources write for AIS codes: ship types, navigational status, class, receiver.

Numbers: ITU-R M.1371-5, table 53 (ship and cargo type) and table 45 (navigational status). Each
function takes one cleaned or raw text and returns the code, or None where it says nothing.
"""

import re

_WORD = re.compile(r"[a-z0-9]+")

_SHIP_TYPES = {
    "wing in ground": 20,
    "wig": 20,
    "fishing": 30,
    "towing": 31,
    "towing length exceeds 200m or breadth exceeds 25m": 32,
    "towing long wide": 32,
    "dredging or underwater ops": 33,
    "dredging": 33,
    "diving ops": 34,
    "diving": 34,
    "military ops": 35,
    "military": 35,
    "sailing": 36,
    "pleasure craft": 37,
    "pleasure": 37,
    "reserved": 38,
    "high speed craft": 40,
    "hsc": 40,
    "pilot vessel": 50,
    "pilot": 50,
    "search and rescue vessel": 51,
    "sar": 51,
    "tug": 52,
    "port tender": 53,
    "anti pollution equipment": 54,
    "anti pollution": 54,
    "law enforcement": 55,
    "spare local vessel": 56,
    "spare 1": 56,
    "spare 2": 57,
    "medical transport": 58,
    "medical": 58,
    "noncombatant ship according to rr resolution no 18": 59,
    "not party to conflict": 59,
    "passenger": 60,
    "cargo": 70,
    "tanker": 80,
    "other type": 90,
    "other": 90,
}
_CARGO = {
    "all ships of this type": 0,
    "hazardous category a": 1,
    "hazardous category b": 2,
    "hazardous category c": 3,
    "hazardous category d": 4,
    "reserved for future use": 5,
    "reserved": 5,
    "no additional information": 9,
}
# Vessel types above 1000 are the US Coast Guard's own, in MarineCadastre files up to 2017
# (NOAA, "AIS vessel type and group codes", 2018); each goes to the ITU class of its group.
_US_SHIP_TYPES = {
    **dict.fromkeys((1001, 1002), 30),
    **dict.fromkeys((1003, 1004, 1016), 70),
    **dict.fromkeys((1012, 1013, 1014, 1015), 60),
    **dict.fromkeys((1017, 1023, 1024), 80),
    **dict.fromkeys((*range(1005, 1012), 1018, 1020, 1022), 90),
    1019: 37,
    1021: 51,
    1025: 31,
}
_NAV_STATUS = {
    "under way using engine": 0,
    "at anchor": 1,
    "not under command": 2,
    "restricted maneuverability": 3,
    "restricted manoeuverability": 3,
    "restricted manoeuvrability": 3,
    "constrained by her draught": 4,
    "moored": 5,
    "aground": 6,
    "engaged in fishing": 7,
    "under way sailing": 8,
    "reserved for future amendment hsc": 9,
    "reserved for future amendment wig": 10,
    "power driven vessel towing astern": 11,
    "power driven vessel pushing ahead or towing alongside": 12,
    "reserved for future use": 13,
    "ais sart": 14,
    "ais sart active": 14,
    "ais sart is active": 14,
}
_MSG_TYPES = {"base station": 4, "aton": 21, "sar airborne": 9}
_CLASS_OF_TYPE = {1: "A", 2: "A", 3: "A", 5: "A", 18: "B", 19: "B", 24: "B"}
_SATELLITE = frozenset({"satellite", "sat", "s ais", "sais", "space"})
_TERRESTRIAL = frozenset({"terrestrial", "ter", "t ais", "tais", "shore", "terrestial", "coastal"})


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def whole_number(text: str) -> int | None:
    """Return `text` as an integer, `7.0` being 7; None where it is none or beyond 32 bits."""
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if abs(value) < 2**31 and value == int(value) else None


def ship_type(text: str) -> int | None:
    """Return the ITU ship type 1..255 of a number or of the words of DMA or GFW.

    >>> ship_type("Cargo, Hazardous category A"), ship_type("Fishing"), ship_type("Undefined")
    (71, 30, None)
    """
    number = whole_number(text)
    if number is not None:
        number = _US_SHIP_TYPES.get(number, number)
        return number if 1 <= number <= 255 else None
    words = _plain(text)
    if words in _SHIP_TYPES:
        return _SHIP_TYPES[words]
    kind, _, cargo = text.partition(",")
    base = _SHIP_TYPES.get(_plain(kind))
    digit = _CARGO.get(_plain(cargo))
    if base is None or base % 10 or base in (30, 50) or digit is None:
        return None
    return base + digit


def nav_status(text: str) -> int | None:
    """Return the navigational status 0..14; 15 (undefined) is None."""
    number = whole_number(text)
    if number is None:
        number = _NAV_STATUS.get(_plain(text))
    return number if number is not None and 0 <= number <= 14 else None


def msg_type(text: str) -> int | None:
    """Return the AIS message type 1..27 of a number, of `AIS.5`, or of DMA's type of mobile.

    DMA tells the kind of station, not the message: base stations become 4, aids to navigation 21
    and search and rescue aircraft 9, the type by which each of them reports; others are None.
    """
    number = whole_number(text.upper().removeprefix("AIS."))
    if number is None:
        number = _MSG_TYPES.get(_plain(text))
    return number if number is not None and 1 <= number <= 27 else None


def ais_class(text: str) -> str | None:
    """Return "A" or "B".

    >>> ais_class("Class A"), ais_class("b"), ais_class("Base Station")
    ('A', 'B', None)
    """
    letter = _plain(text).removeprefix("class ").removeprefix("ais ").upper()
    return letter if letter in ("A", "B") else None


def class_of_type(message_type: str) -> str | None:
    """Return the class that sends messages of this type, where only one class does."""
    number = msg_type(message_type)
    return None if number is None else _CLASS_OF_TYPE.get(number)


def receiver(text: str) -> str | None:
    """Return "satellite" or "terrestrial"."""
    words = _plain(text)
    if words in _SATELLITE:
        return "satellite"
    return "terrestrial" if words in _TERRESTRIAL else None


def imo(text: str) -> int | None:
    """Return the IMO number as sent, without the letters IMO; 0 is None.

    >>> imo("IMO8207721"), imo("0")
    (8207721, None)
    """
    number = whole_number(text.upper().removeprefix("IMO").strip())
    return number if number is not None and number > 0 else None
