"""What Nordlicht sells: about sixty products with prices and costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEASED = "Leasing"
SERVICE = "Service"
CENTS = 100


@dataclass(frozen=True, slots=True)
class Item:
    """A product; prices in euro. Where `is_cost_known` is False, `cost` is secret."""

    sku: str
    name: str
    category: str
    price: float
    cost: float
    is_cost_known: bool = True
    complements: tuple[str, ...] = ()
    upgrade: str = ""
    term_months: int | None = None


ITEMS = (
    Item("PAP-080-A4", "Copy paper A4 80 g, 500 sheets", "Paper", 5.49, 3.79,
         complements=("TON-BK-1", "PUN-24"), upgrade="PAP-090-A4"),
    Item("PAP-090-A4", "Premium paper A4 90 g, 500 sheets", "Paper", 7.29, 4.75),
    Item("PAP-REC-A4", "Recycled paper A4 80 g, Blue Angel", "Paper", 5.19, 3.65,
         complements=("TON-BK-1",)),
    Item("PAP-080-A3", "Copy paper A3 80 g, 500 sheets", "Paper", 11.90, 7.95),
    Item("PAP-COL-A4", "Coloured paper A4, 5 × 20 sheets", "Paper", 6.95, 4.10),
    Item("ENV-DL-100", "Envelopes DL with window, 100", "Mailing", 6.80, 4.05,
         complements=("LBL-A4-100",)),
    Item("ENV-C4-050", "Envelopes C4, 50", "Mailing", 8.90, 5.30),
    Item("BOX-SHIP-20", "Shipping cartons 30 × 20 × 15, 20", "Mailing", 17.50, 11.20,
         complements=("TAP-PP-6",)),
    Item("TAP-PP-6", "Packing tape, 6 rolls", "Mailing", 11.40, 6.60),
    Item("LBL-A4-100", "Address labels A4, 100 sheets", "Mailing", 14.90, 8.70),
    Item("PEN-BALL-10", "Ballpoint pens blue, 10", "Writing", 4.20, 2.05,
         complements=("PAD-A4-10",), upgrade="PEN-GEL-12"),
    Item("PEN-GEL-12", "Gel pens black, 12", "Writing", 13.80, 7.60),
    Item("MRK-TXT-6", "Text markers, 6 colours", "Writing", 5.90, 2.95),
    Item("MRK-WB-4", "Whiteboard markers, 4", "Writing", 6.40, 3.35,
         complements=("WB-090",)),
    Item("PCL-HB-12", "Pencils HB, 12", "Writing", 3.60, 1.75),
    Item("PAD-A4-10", "Writing pads A4 ruled, 10", "Writing", 12.90, 7.80),
    Item("NOT-ST-12", "Sticky notes 76 × 76, 12 pads", "Writing", 8.50, 4.40),
    Item("BND-80-20", "Lever arch files 80 mm, 20", "Filing", 46.00, 29.80,
         complements=("DIV-A4-25", "PUN-24")),
    Item("BND-50-20", "Lever arch files 50 mm, 20", "Filing", 43.50, 28.60),
    Item("DIV-A4-25", "Dividers A4, 25 sets", "Filing", 23.90, 13.90),
    Item("SLV-A4-100", "Punched pockets A4, 100", "Filing", 5.70, 3.10),
    Item("FLD-HNG-25", "Hanging folders, 25", "Filing", 21.40, 12.90),
    Item("ARC-BOX-10", "Archive boxes, 10", "Filing", 26.90, 17.40),
    Item("STP-24", "Stapler, 30 sheets", "Desk", 14.50, 7.90, complements=("STP-REF",)),
    Item("STP-REF", "Staples 24/6, 10 × 1,000", "Desk", 5.10, 2.30),
    Item("PUN-24", "Hole punch, 25 sheets", "Desk", 12.20, 6.70),
    Item("SCI-21", "Scissors 21 cm", "Desk", 6.30, 3.05),
    Item("TRY-A4-5", "Letter trays, 5", "Desk", 19.80, 11.30),
    Item("LMP-LED", "LED desk lamp", "Desk", 54.90, 33.50),
    Item("CLC-DSK", "Desk calculator", "Desk", 27.50, 17.80),
    Item("TON-BK-1", "Toner black, 7,000 pages", "Toner and ink", 74.90, 52.40,
         complements=("PAP-080-A4",), upgrade="TON-BK-XL"),
    Item("TON-BK-XL", "Toner black XL, 15,000 pages", "Toner and ink", 129.00, 86.50),
    Item("TON-CMY-3", "Toner set cyan, magenta, yellow", "Toner and ink", 219.00,
         158.00),
    Item("TON-REB-1", "Rebuilt toner black", "Toner and ink", 44.90, 24.70),
    Item("INK-BK-2", "Ink black, twin pack", "Toner and ink", 36.50, 25.90),
    Item("DRM-UNIT", "Drum unit", "Toner and ink", 98.00, 68.60, is_cost_known=False),
    Item("CLN-PAP-27", "Paper towels, 2,700 sheets", "Facility", 31.90, 20.90,
         complements=("CLN-SOAP-6",)),
    Item("CLN-SOAP-6", "Hand soap, 6 × 500 ml", "Facility", 18.60, 10.80),
    Item("CLN-WC-64", "Toilet paper 3-ply, 64 rolls", "Facility", 29.50, 20.40),
    Item("CLN-BAG-200", "Waste bags 120 l, 200", "Facility", 33.20, 20.10),
    Item("CLN-ALL-10", "All-purpose cleaner, 10 l", "Facility", 24.40, 14.20),
    Item("FST-AID", "First-aid kit DIN 13157", "Facility", 34.90, 21.50),
    Item("COF-BEAN-6", "Coffee beans, 6 × 1 kg", "Pantry", 83.40, 61.90,
         complements=("COF-MILK-24",), upgrade="COF-FAIR-6"),
    Item("COF-FAIR-6", "Coffee beans fair trade, 6 × 1 kg", "Pantry", 104.00, 73.90),
    Item("COF-MILK-24", "Coffee cream portions, 240", "Pantry", 15.80, 10.10),
    Item("TEA-MIX-12", "Tea assortment, 12 × 20 bags", "Pantry", 29.90, 18.40),
    Item("WAT-STL-12", "Mineral water, 12 × 0.7 l", "Pantry", 8.90, 6.20,
         is_cost_known=False),
    Item("SNK-BSC-2K", "Meeting biscuits, 2 kg", "Pantry", 21.70, 13.20,
         is_cost_known=False),
    Item("CHR-ERG-1", "Office chair Fjord", "Furniture", 329.00, 207.00,
         complements=("DSK-SIT-16",), upgrade="CHR-ERG-2"),
    Item("CHR-ERG-2", "Office chair Fjord Plus", "Furniture", 489.00, 302.00),
    Item("DSK-160", "Desk 160 × 80 beech", "Furniture", 279.00, 188.00,
         upgrade="DSK-SIT-16"),
    Item("DSK-SIT-16", "Sit-stand desk 160 × 80", "Furniture", 629.00, 415.00),
    Item("CAB-ROLL", "Roll cabinet, lockable", "Furniture", 419.00, 268.00),
    Item("WB-090", "Whiteboard 90 × 60", "Furniture", 84.00, 48.50),
    Item("SHR-CC-12", "Shredder P-4, 12 sheets", "Machines", 189.00, 128.00),
    Item("LAM-A3", "Laminator A3", "Machines", 96.00, 61.00),
    Item("PRN-LAS", "Laser printer, duplex", "Machines", 279.00, 226.00,
         complements=("TON-BK-1",), upgrade="LEA-MFP-40"),
    Item("LBL-PRN", "Label printer", "Machines", 119.00, 79.00, is_cost_known=False),
    Item("LEA-MFP-30", "Copier Norda 30, leased", LEASED, 89.00, 52.00,
         complements=("TON-CMY-3",), upgrade="LEA-MFP-40"),
    Item("LEA-MFP-40", "Copier Norda 40 colour, leased", LEASED, 139.00, 78.00,
         complements=("TON-CMY-3",)),
    Item("LEA-COF-1", "Coffee machine Brise, leased", LEASED, 59.00, 34.00,
         complements=("COF-BEAN-6",), upgrade="LEA-COF-2"),
    Item("LEA-COF-2", "Coffee machine Brise Duo, leased", LEASED, 84.00, 47.00,
         complements=("COF-FAIR-6",)),
    Item("LEA-FUR-10", "Furniture set for 10 desks, leased", LEASED, 390.00, 251.00,
         complements=("CHR-ERG-1",)),
    Item("SRV-FULL-12", "Full service for office machines, one year", SERVICE, 540.00,
         310.00, term_months=12),
)  # fmt: skip

CONTRACT = ITEMS[-1]

# Why things go together, or why one takes the place of another.
REASONS = {
    ("PAP-080-A4", "TON-BK-1"): "Whoever prints needs both",
    ("PAP-080-A4", "PAP-090-A4"): "Jams less and looks better in offers",
    ("PEN-BALL-10", "PEN-GEL-12"): "Writes longer, and staff ask for it",
    ("TON-BK-1", "TON-BK-XL"): "A third cheaper by the page",
    ("STP-24", "STP-REF"): "Runs out otherwise",
    ("COF-BEAN-6", "COF-MILK-24"): "Ordered with the beans by most",
    ("COF-BEAN-6", "COF-FAIR-6"): "Fair trade is asked for in tenders",
    ("CHR-ERG-1", "CHR-ERG-2"): "Arm rests and ten years of warranty",
    ("CHR-ERG-1", "DSK-SIT-16"): "Good sitting needs a desk that fits",
    ("PRN-LAS", "TON-BK-1"): "The printer comes with half a cartridge",
    ("PRN-LAS", "LEA-MFP-40"): "Above 2,000 pages a month leasing is cheaper",
    ("LEA-MFP-30", "LEA-MFP-40"): "Colour, and 40 pages a minute",
    ("LEA-COF-1", "COF-BEAN-6"): "The machine is set to these beans",
    ("LEA-COF-1", "LEA-COF-2"): "Above 300 cups a month the small one queues",
}
# Months that things of a long life usually last.
LIVES = {
    "CHR-ERG-1": 84,
    "CHR-ERG-2": 120,
    "DSK-160": 120,
    "DSK-SIT-16": 120,
    "PRN-LAS": 60,
    "SHR-CC-12": 72,
    "LAM-A3": 60,
    "LBL-PRN": 60,
    "LEA-MFP-30": 36,
    "LEA-MFP-40": 48,
    "LEA-COF-1": 30,
    "LEA-COF-2": 36,
}

LEASED_SKUS = tuple(item.sku for item in ITEMS if item.category == LEASED)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What orders may hold, by rising margin per unit; money in cents.

    `row` is the item's place in ITEMS, `complement` a place on the shelf or -1. The
    last place is the contract, which nobody picks like goods.
    """

    row: NDArray[np.int64]
    price: NDArray[np.int64]
    cost: NDArray[np.int64]
    is_cost_known: NDArray[np.bool_]
    complement: NDArray[np.int64]

    @property
    def margin(self) -> NDArray[np.int64]:
        return self.price - self.cost


def make_shelf() -> Shelf:
    kept = (LEASED, SERVICE)
    rows = [row for row, item in enumerate(ITEMS) if item.category not in kept]
    rows.sort(key=lambda row: (cents(ITEMS[row].price) - cents(ITEMS[row].cost), row))
    rows.append(ITEMS.index(CONTRACT))
    place = {ITEMS[row].sku: at for at, row in enumerate(rows)}
    first = [(ITEMS[row].complements or ("",))[0] for row in rows]
    return Shelf(
        row=np.array(rows),
        price=np.array([cents(ITEMS[row].price) for row in rows]),
        cost=np.array([cents(ITEMS[row].cost) for row in rows]),
        is_cost_known=np.array([ITEMS[row].is_cost_known for row in rows]),
        complement=np.array([place.get(sku, -1) for sku in first]),
    )


def cents(amount: float) -> int:
    return round(amount * CENTS)
