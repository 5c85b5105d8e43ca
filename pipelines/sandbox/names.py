"""Names of fictional companies and people."""

from __future__ import annotations

from random import Random


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Alder Amber Apex Argon Aspen Atlas Aurora Bay Beacon Birch Blue Bolt Bright Brook Canyon Cardinal Cedar Cobalt Copper Coral Crest Delta"
    " Drift Eagle Echo Elm Ember Falcon Fern Flint Fjord Forge Garnet Glacier Granite Harbor Hazel Heron Indigo Iron Ivory Jasper Juniper"
    " Kestrel Lake Lark Laurel Linden Lumen Maple Marble Meadow Mesa Mistral Nimbus North Oak Onyx Orchard Osprey Pearl Pine Prairie"
    " Quartz Raven Ridge River Rowan Saffron Sable Sequoia Sierra Silver Slate Solar Sparrow Spruce Sterling Summit Swift Tern Thistle"
    " Timber Topaz Tundra Vale Vega Violet Willow Zephyr"
)
_SECOND = _words(
    "Analytics Apparel Automation Bakery Biotech Brewing Builders Ceramics Chemicals Components Consulting Dairy Design Devices Digital"
    " Distribution Electric Energy Engineering Equipment Fabrics Farms Fitness Foods Freight Furniture Games Glass Health Hotels Imaging"
    " Instruments Labs Lighting Logistics Machines Marine Materials Media Metals Mobility Motors Networks Optics Outdoor Packaging Paper"
    " Pharma Plastics Power Precision Print Publishing Rail Retail Robotics Security Software Stores Supply Systems Tools Toys Trading"
    " Travel Water Wine Works"
)
_SUFFIXES = {
    "US": ("Inc.", "LLC", "Corp.", "Co."),
    "GB": ("Ltd", "PLC", "Group Ltd", "LLP"),
    "DE": ("GmbH", "AG", "KG", "GmbH & Co. KG"),
    "SE": ("AB", "ApS", "AS", "Nordic AB"),
}
_GIVEN = _words(
    "Ada Aisha Alan Amara Ana Andre Anika Anton Beatriz Bruno Carla Chen Clara Daniel Diego Elena Emil Emma Erik Fatima Felix Freya Grace"
    " Hana Henrik Hugo Ida Ingrid Isaac Iris Jan Jonas Julia Karim Kenji Lars Laura Leo Lena Lucia Magnus Maria Marta Mateo Maya Mei Nadia"
    " Nils Noor Olga Oscar Paula Priya Rafael Rosa Samir Sara Sofia Tariq Theo Uma Vera Viktor Wei Yara Yusuf Zoe"
)
_FAMILY = _words(
    "Almeida Andersen Bauer Becker Berg Bianchi Brandt Carter Castro Chen Costa Dahl Diaz Dubois Fischer Fernandez Foster Garcia Gruber"
    " Haas Hansen Hoffmann Ibrahim Jansen Johansson Kato Keller Khan Kim Larsen Lehmann Lindberg Lopez Martin Meyer Moreau Mueller Nakamura"
    " Nguyen Nilsson Novak Okafor Olsen Patel Pereira Petrov Quinn Reyes Rossi Sato Schmidt Silva Singh Smith Soto Tanaka Torres Vogel"
    " Wagner Walker Weber Wong Young Zhang"
)
# Names in other scripts and with signs that CSV, JSON and Latin-1 treat specially; each must come through unchanged.
_AWKWARD = {
    "US": ('O\'Brien "Quick" Print, Inc.', "Müller & Söhne LLC", "東京 Trading Co.", "Zażółć Gęślą Corp."),
    "GB": ("Crème Brûlée Ltd", "Ångström & Co PLC", "Straße Handels Ltd", "Łódź Textiles Ltd"),
    "DE": ("Bäckerei Groß GmbH", "Überlandwerk, AG"),
    "SE": ("Åkerlund & Östbergs Blåbär AB", "Smörgåsbord; Kött & Fisk AB", "Tromsø Sjømat AS", 'Kåre "Lillen" Ek AB'),
}


_ROADS = _words("Street Road Avenue Lane Way Drive Court Terrace")
# City, region (where addresses have one), and the pattern of its postal codes: # is a digit.
_PLACES: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "US": (
        ("Austin", "TX", "787##"),
        ("Portland", "OR", "972##"),
        ("Boston", "MA", "021##"),
        ("San José", "CA", "951##"),
    ),
    "GB": (("London", None, "EC1A #BB"), ("Leeds", None, "LS# 4DT"), ("Bristol", None, "BS# 6NN")),
    "DE": (("Köln", None, "506##"), ("München", None, "803##"), ("Leipzig", None, "041##")),
    "SE": (("Malmö", None, "211 ##"), ("Göteborg", None, "411 ##"), ("Umeå", None, "903 ##")),
}


def place(rng: Random, country: str) -> tuple[str, str | None, str]:
    """City, region and postal code."""
    city, region, pattern = rng.choice(_PLACES[country])
    return city, region, "".join(str(rng.randrange(10)) if sign == "#" else sign for sign in pattern)


def street(rng: Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_ROADS)}"


def company(rng: Random, country: str, number: int) -> str:
    """A company name; the first few of a country are awkward on purpose. Names may repeat, as they do in life."""
    awkward = _AWKWARD[country]
    if number < len(awkward):
        return awkward[number]
    pair = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"
    mark = f" {number}" if rng.random() < 0.35 or number > 3000 else ""
    return f"{pair}{mark} {rng.choice(_SUFFIXES[country])}"


def person(rng: Random) -> tuple[str, str]:
    """Given and family name."""
    return rng.choice(_GIVEN), rng.choice(_FAMILY)


def domain(name: str, number: int) -> str:
    """A domain under `.example`, which nobody owns."""
    letters = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
    return f"{letters[:18] or 'customer'}{number}.example"
