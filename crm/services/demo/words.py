"""Names and places of the demo firm's world: northern Germany and its neighbours."""

from dataclasses import dataclass

# A territory is one rep's: its country, and per city its region and weight.
TERRITORIES: dict[str, tuple[str, float, dict[str, tuple[str, float]]]] = {
    "Hamburg and Schleswig-Holstein": (
        "DE",
        0.28,
        {
            "Hamburg": ("Hamburg", 14),
            "Kiel": ("Schleswig-Holstein", 5),
            "Lübeck": ("Schleswig-Holstein", 5),
            "Flensburg": ("Schleswig-Holstein", 3),
            "Neumünster": ("Schleswig-Holstein", 2),
            "Norderstedt": ("Schleswig-Holstein", 2),
            "Elmshorn": ("Schleswig-Holstein", 1),
            "Pinneberg": ("Schleswig-Holstein", 1),
            "Itzehoe": ("Schleswig-Holstein", 1),
            "Husum": ("Schleswig-Holstein", 1),
            "Rendsburg": ("Schleswig-Holstein", 1),
            "Eckernförde": ("Schleswig-Holstein", 1),
            "Ahrensburg": ("Schleswig-Holstein", 1),
            "Heide": ("Schleswig-Holstein", 1),
        },
    ),
    "Bremen and Lower Saxony": (
        "DE",
        0.24,
        {
            "Bremen": ("Bremen", 9),
            "Bremerhaven": ("Bremen", 3),
            "Hannover": ("Lower Saxony", 7),
            "Oldenburg": ("Lower Saxony", 4),
            "Osnabrück": ("Lower Saxony", 3),
            "Braunschweig": ("Lower Saxony", 3),
            "Lüneburg": ("Lower Saxony", 2),
            "Celle": ("Lower Saxony", 2),
            "Stade": ("Lower Saxony", 2),
            "Wilhelmshaven": ("Lower Saxony", 2),
            "Emden": ("Lower Saxony", 1),
            "Cuxhaven": ("Lower Saxony", 1),
            "Delmenhorst": ("Lower Saxony", 1),
            "Uelzen": ("Lower Saxony", 1),
        },
    ),
    "Mecklenburg, Berlin and Brandenburg": (
        "DE",
        0.18,
        {
            "Rostock": ("Mecklenburg-Vorpommern", 5),
            "Schwerin": ("Mecklenburg-Vorpommern", 3),
            "Wismar": ("Mecklenburg-Vorpommern", 2),
            "Stralsund": ("Mecklenburg-Vorpommern", 2),
            "Greifswald": ("Mecklenburg-Vorpommern", 2),
            "Neubrandenburg": ("Mecklenburg-Vorpommern", 1),
            "Güstrow": ("Mecklenburg-Vorpommern", 1),
            "Berlin": ("Berlin", 8),
            "Potsdam": ("Brandenburg", 2),
            "Oranienburg": ("Brandenburg", 1),
        },
    ),
    "Denmark": (
        "DK",
        0.12,
        {
            "Aabenraa": ("South Denmark", 2),
            "Sønderborg": ("South Denmark", 2),
            "Kolding": ("South Denmark", 3),
            "Esbjerg": ("South Denmark", 3),
            "Odense": ("South Denmark", 4),
            "Haderslev": ("South Denmark", 1),
            "Aarhus": ("Central Jutland", 4),
            "Vejle": ("South Denmark", 2),
        },
    ),
    "Netherlands": (
        "NL",
        0.10,
        {
            "Groningen": ("Groningen", 5),
            "Leeuwarden": ("Friesland", 2),
            "Assen": ("Drenthe", 2),
            "Emmen": ("Drenthe", 2),
            "Zwolle": ("Overijssel", 3),
            "Enschede": ("Overijssel", 3),
            "Deventer": ("Overijssel", 1),
        },
    ),
    "Northern Poland": (
        "PL",
        0.08,
        {
            "Szczecin": ("West Pomerania", 6),
            "Koszalin": ("West Pomerania", 2),
            "Kołobrzeg": ("West Pomerania", 1),
            "Gdańsk": ("Pomerania", 5),
            "Gdynia": ("Pomerania", 3),
            "Słupsk": ("Pomerania", 1),
        },
    ),
}

DIALLING = {"DE": "+49 4", "DK": "+45 7", "NL": "+31 5", "PL": "+48 9"}


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = {
    "DE": _split(
        "Anna Birte Britta Christina Claudia Dörte Elke Frauke Gesa Hanna Heike Imke "
        "Inga Jana Julia Karin Katja Kerstin Lena Maike Maren Meike Nele Petra Silke "
        "Sonja Stefanie Swantje Tanja Ulrike Wiebke Arne Bernd Björn Carsten Dirk "
        "Enno Frank Gerrit Hauke Henning Holger Jan Jens Jörg Kai Lars Malte Marco "
        "Matthias Nils Ole Olaf Peter Ralf Sönke Sven Thorsten Tim Torben Uwe Volker"
    ),
    "DK": _split(
        "Anne Birgitte Camilla Dorte Hanne Helle Ida Kirsten Lene Lise Louise Maja "
        "Mette Pia Signe Sofie Trine Anders Bent Bo Christian Erik Henrik Jakob "
        "Jesper Kasper Kim Lars Mads Michael Morten Niels Per Rasmus Søren Thomas"
    ),
    "NL": _split(
        "Anja Anneke Carla Eline Esther Femke Ilse Inge Judith Lotte Marieke Marloes "
        "Nienke Roos Sanne Tineke Willemijn Bas Bart Daan Dirk Erik Gerard Hans "
        "Hendrik Jaap Jan Jeroen Joost Kees Maarten Marco Pieter Ruud Sjoerd Wouter"
    ),
    "PL": _split(
        "Agnieszka Aleksandra Barbara Beata Dorota Elżbieta Ewa Iwona Joanna Justyna "
        "Katarzyna Magdalena Małgorzata Marta Monika Renata Adam Andrzej Bartosz "
        "Grzegorz Jacek Jan Krzysztof Łukasz Maciej Marcin Marek Michał Paweł Piotr "
        "Rafał Robert Tomasz Wojciech"
    ),
}

LAST_NAMES = {
    "DE": _split(
        "Ahlers Albers Asmussen Bartels Behrens Behnke Boysen Brandt Brinkmann Bruns "
        "Carstens Christiansen Claasen Clausen Dahl Detlefsen Dierks Ehlers Eggers "
        "Feddersen Frahm Friedrichs Garbe Gerdes Gerken Goldbeck Hagemann Hansen Harms "
        "Harders Heuer Hinrichs Hoffmann Holst Janssen Jessen Johannsen Jürgens Kahl "
        "Kessler Ketels Klüver Koopmann Krohn Kruse Ladewig Lange Lorenzen Lüders "
        "Lührs Mahnke Martens Matthiesen Meinert Mohr Möller Nissen Oetjen Ohlsen "
        "Otten Paulsen Peters Petersen Plath Quast Rathje Reimers Rickmers Rohde Röhrs "
        "Sattler Schacht Schlüter Schmidt Schuldt Schulte Sievers Steffens Struve "
        "Thiessen Thomsen Tietjen Timm Tönnies Vollmer Voss Warncke Wichmann Wiese "
        "Wilken Witt Wulff Ziegler"
    ),
    "DK": _split(
        "Andersen Bach Bertelsen Bruun Christensen Dahlgaard Damgaard Eriksen Frandsen "
        "Gravesen Hald Holm Iversen Jepsen Jørgensen Kjær Knudsen Krogh Lauritsen Lund "
        "Madsen Mikkelsen Møller Nygaard Olesen Overgaard Rasmussen Schmidt Skov "
        "Sørensen Thygesen Vestergaard Winther Østergaard"
    ),
    "NL": (
        *_split(
            "Bakker Boersma Bosma Brouwer Dekker Dijkstra Feenstra Haan Hoekstra "
            "Hofstra Huisman Jager Jansen Kuiper Kramer Meijer Mulder Oosterhof Postma "
            "Prins Schuurman Sikkema Smit Timmerman Veenstra Visser Wiersma Zijlstra"
        ),
        "de Boer",
        "de Vries",
        "van Dam",
        "van der Meer",
        "van der Veen",
    ),
    "PL": _split(
        "Adamczyk Baran Dudek Duda Głowacki Górski Jasiński Kaczmarek Kowalczyk Kozak "
        "Krajewski Kubiak Lis Majewski Malinowski Mazur Michalak Nowak Olszewski "
        "Pawlak Pietrzak Sikora Sobczak Szulc Tomczak Walczak Wilk Witkowski "
        "Wróbel Wysocki Zając Zieliński"
    ),
}

# Words that stand before a trade in a firm's name, beside family names and cities.
STEMS = {
    "DE": _split(
        "Alster Anker Baltic Bernstein Deich Elb Fjord Förde Geest Hafen Hanse "
        "Hansa Heide Holsten Küsten Leuchtturm Marsch Moin Möwen Nord Nordsee Ostsee "
        "Priel Sund Trave Waterkant Watt Weser Wind"
    ),
    "DK": _split("Bælt Dannebrog Fjord Jysk Klit Kyst Lillebælt Nord Strand Syd Vest"),
    "NL": _split("Dollard Eems Hunze Noorder Oranje Polder Terp Vecht Wad Waddenzee"),
    "PL": _split("Bałtyk Bursztyn Gryf Kaszub Mewa Nord Odra Pomorze Port Żagiel"),
}


@dataclass(frozen=True, slots=True)
class Industry:
    """A line of business: its trades by country, and how it differs in buying.

    `rate` and `margin` multiply the firm's mean purchase rate and margin per order.
    """

    name: str
    weight: float
    rate: float
    margin: float
    trades: dict[str, tuple[str, ...]]


INDUSTRIES = (
    Industry(
        "Logistics and shipping",
        11,
        1.15,
        1.1,
        {
            "DE": ("Spedition", "Logistik", "Reederei", "Hafenservice", "Seefracht"),
            "DK": ("Transport", "Shipping", "Logistik", "Spedition"),
            "NL": ("Transport", "Logistiek", "Scheepvaart"),
            "PL": ("Spedycja", "Logistyka", "Transport"),
        },
    ),
    Industry(
        "Construction and crafts",
        13,
        0.85,
        0.85,
        {
            "DE": ("Bau", "Elektrotechnik", "Dachtechnik", "Haustechnik", "Holzbau"),
            "DK": ("Byg", "El", "Tømrer", "VVS"),
            "NL": ("Bouw", "Installatietechniek", "Timmerwerken"),
            "PL": ("Budownictwo", "Instalacje", "Dachy"),
        },
    ),
    Industry(
        "Law and tax",
        10,
        1.2,
        0.95,
        {
            "DE": ("Rechtsanwälte", "Steuerberatung", "Notare", "Treuhand"),
            "DK": ("Advokater", "Revision"),
            "NL": ("Advocaten", "Accountants", "Notariaat"),
            "PL": ("Kancelaria", "Doradztwo Podatkowe"),
        },
    ),
    Industry(
        "Health and care",
        11,
        1.1,
        1.0,
        {
            "DE": ("Pflegedienst", "Medizintechnik", "Praxisklinik", "Apotheke"),
            "DK": ("Klinik", "Pleje", "Tandlæger"),
            "NL": ("Zorg", "Tandartsen", "Medisch Centrum"),
            "PL": ("Medica", "Klinika", "Apteka"),
        },
    ),
    Industry(
        "Engineering and software",
        12,
        1.0,
        1.05,
        {
            "DE": ("Ingenieure", "Software", "Systemhaus", "Planung", "Messtechnik"),
            "DK": ("Teknik", "Data", "Ingeniører"),
            "NL": ("Techniek", "Software", "Ingenieurs"),
            "PL": ("Systemy", "Inżynieria", "Software"),
        },
    ),
    Industry(
        "Manufacturing",
        11,
        1.0,
        1.25,
        {
            "DE": ("Maschinenbau", "Metallbau", "Kunststofftechnik", "Werft", "Druck"),
            "DK": ("Maskinfabrik", "Stål", "Plast"),
            "NL": ("Machinefabriek", "Metaal", "Kunststoffen"),
            "PL": ("Stal", "Produkcja", "Stocznia"),
        },
    ),
    Industry(
        "Education",
        7,
        0.9,
        0.95,
        {
            "DE": ("Akademie", "Sprachschule", "Bildungswerk", "Fahrschule"),
            "DK": ("Akademi", "Kursuscenter"),
            "NL": ("Opleidingen", "Taleninstituut"),
            "PL": ("Akademia", "Szkolenia"),
        },
    ),
    Industry(
        "Hotels and tourism",
        8,
        0.8,
        0.85,
        {
            "DE": ("Strandhotel", "Touristik", "Ferienpark", "Gastro"),
            "DK": ("Badehotel", "Turist"),
            "NL": ("Hotels", "Vakantiepark"),
            "PL": ("Hotele", "Turystyka"),
        },
    ),
    Industry(
        "Wholesale and retail",
        10,
        1.0,
        0.95,
        {
            "DE": ("Handel", "Baustoffe", "Feinkost", "Getränke", "Textil"),
            "DK": ("Handel", "Engros"),
            "NL": ("Handel", "Groothandel"),
            "PL": ("Handel", "Hurtownia"),
        },
    ),
    Industry(
        "Energy and water",
        7,
        1.05,
        1.2,
        {
            "DE": ("Windkraft", "Energie", "Solar", "Wassertechnik"),
            "DK": ("Vind", "Energi"),
            "NL": ("Energie", "Watertechniek"),
            "PL": ("Energia", "Wiatr"),
        },
    ),
)

LEGAL_FORMS = {
    "DE": ("GmbH", "GmbH", "GmbH", "GmbH & Co. KG", "KG", "AG", "eG"),
    "DK": ("A/S", "ApS", "ApS"),
    "NL": ("B.V.", "B.V.", "V.O.F."),
    "PL": ("Sp. z o.o.", "Sp. z o.o.", "S.A."),
}

TITLES = {
    "economic_buyer": ("Managing director", "Head of finance", "Owner"),
    "decider": ("Head of purchasing", "Operations manager", "Branch manager"),
    "influencer": ("Office manager", "IT lead", "Facility manager"),
    "user": ("Team assistant", "Receptionist", "Accounts clerk"),
    "gatekeeper": ("Executive assistant", "Purchasing clerk"),
    "champion": ("Office manager", "Purchasing clerk", "Quality manager"),
}
PREFERENCES = (
    "",
    "",
    "",
    "Prefers mail, answers the same day.",
    "Call before 10 or after 15.",
    "Wants one invoice a month.",
    "Likes a visit with samples once a quarter.",
    "No calls on Fridays.",
    "Sends orders as a scan; confirm by mail.",
)
NEEDS = (
    "",
    "",
    "",
    "Fewer suppliers, one catalogue for all sites.",
    "Paper with the Blue Angel label only.",
    "Delivery to the second floor.",
    "A budget per department.",
    "Toner before it runs out, without being asked.",
    "Ergonomic chairs for people with back trouble.",
)
COMPETITORS = (
    "Büro Schröder",
    "Kontorland",
    "OfficeHaus24",
    "Papirgården",
    "Kantoorplus",
)
