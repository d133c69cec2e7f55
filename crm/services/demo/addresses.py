"""Where the accounts of the demo firm get their letters.

Nothing is drawn: an address follows from the account's number and its city, so that a
firm's other facts are what they were.
"""

from crm.services.demo.accounts import CITIES, Firms

STREETS = {
    "DE": (
        "Hafenstraße", "Deichstraße", "Am Markt", "Lange Straße", "Bahnhofstraße",
        "Industriestraße", "Kirchenweg", "Mühlenweg", "Werftstraße", "Gutenbergstraße",
        "Lindenallee", "Speicherstraße", "Holstenstraße", "Gewerbering", "Ostseestraße",
        "Am Kanal",
    ),
    "DK": (
        "Havnegade", "Storegade", "Jernbanegade", "Industrivej", "Strandvej",
        "Nørregade", "Søndergade", "Møllevej", "Skovvej", "Kongensgade",
    ),
    "NL": (
        "Havenstraat", "Kerkstraat", "Stationsweg", "Industrieweg", "Molenweg",
        "Dorpsstraat", "Nieuwstraat", "Kanaalweg", "Marktplein", "Wilhelminastraat",
    ),
    "PL": (
        "ul. Portowa", "ul. Morska", "ul. Dworcowa", "ul. Przemysłowa", "ul. Długa",
        "ul. Kościelna", "ul. Lipowa", "ul. Słoneczna", "ul. Polna", "ul. Ogrodowa",
    ),
}  # fmt: skip
POSTCODES = {
    "Hamburg": "20095", "Kiel": "24103", "Lübeck": "23552", "Flensburg": "24937",
    "Neumünster": "24534", "Norderstedt": "22844", "Elmshorn": "25335",
    "Pinneberg": "25421", "Itzehoe": "25524", "Husum": "25813", "Rendsburg": "24768",
    "Eckernförde": "24340", "Ahrensburg": "22926", "Heide": "25746", "Bremen": "28195",
    "Bremerhaven": "27568", "Hannover": "30159", "Oldenburg": "26121",
    "Osnabrück": "49074", "Braunschweig": "38100", "Lüneburg": "21335",
    "Celle": "29221", "Stade": "21680", "Wilhelmshaven": "26382", "Emden": "26721",
    "Cuxhaven": "27472", "Delmenhorst": "27749", "Uelzen": "29525", "Rostock": "18055",
    "Schwerin": "19053", "Wismar": "23966", "Stralsund": "18439", "Greifswald": "17489",
    "Neubrandenburg": "17033", "Güstrow": "18273", "Berlin": "10117",
    "Potsdam": "14467", "Oranienburg": "16515", "Aabenraa": "6200",
    "Sønderborg": "6400", "Kolding": "6000", "Esbjerg": "6700", "Odense": "5000",
    "Haderslev": "6100", "Aarhus": "8000", "Vejle": "7100", "Groningen": "9711",
    "Leeuwarden": "8911", "Assen": "9401", "Emmen": "7811", "Zwolle": "8011",
    "Enschede": "7511", "Deventer": "7411", "Szczecin": "70-001", "Koszalin": "75-001",
    "Kołobrzeg": "78-100", "Gdańsk": "80-001", "Gdynia": "81-301", "Słupsk": "76-200",
}  # fmt: skip
# Letters that end a Dutch postcode.
_LETTERS = "ABCDEGHJKLMNPRTVWXZ"
_NUMBERS = 97
_STEP = 31  # neighbours by number do not live next door


def streets(firms: Firms) -> list[str]:
    """Return the street and number of each account, as its country writes them."""
    found = []
    for place, number in enumerate(firms.ids.tolist()):
        pool = STREETS[firms.country(place)]
        street = pool[number * 7 % len(pool)]
        found.append(f"{street} {number * _STEP % _NUMBERS + 1}")
    return found


def postcodes(firms: Firms) -> list[str]:
    """Return the postcode of each account's city."""
    found = []
    for place, number in enumerate(firms.ids.tolist()):
        code = POSTCODES[CITIES[firms.city[place]][0]]
        if firms.country(place) == "NL":
            first, second = divmod(number, len(_LETTERS))
            code += f" {_LETTERS[first % len(_LETTERS)]}{_LETTERS[second]}"
        found.append(code)
    return found
