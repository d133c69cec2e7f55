"""The value tree of the customers: profit = revenue - cost, down to class and product.

    profit   = revenue - cost
    revenue  = price x quantity
    quantity = customers x orders per customer x units per order
    cost     = cost of goods + cost to serve, by kind

Revenue, cost of goods and cost to serve are expected and discounted; profit is the
customer equity of the night, to the cent. Prices, units and orders are those of the
last year: units are revenue divided by price. Every node's branches sum to it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from clv.queries.costs import LABELS as COST_LABELS
from clv.queries.costs import in_order
from common.money import ZERO
from common.templatetags.display import cents, count, counted, number
from segments.queries.levers import LeverBoard

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Branches:
    """One way to split a node; the nodes sum to it."""

    by: str
    nodes: Sequence["TreeNode"]


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One figure of the tree; costs are negative, so that branches sum."""

    label: str
    amount: Decimal
    how: str = ""
    splits: Sequence[Branches] = ()
    is_open: bool = False


def tree_of(board: LeverBoard, classes: Sequence[LeverBoard]) -> TreeNode:
    """Return the tree of a board; `classes` split it where it is the whole firm."""
    revenue = _revenue(board)
    parts = classes if board.is_firm else []
    return TreeNode(
        "Expected profit (customer equity)",
        board.base.equity,
        "revenue − cost, expected and discounted",
        [
            Branches(
                "revenue and cost",
                [
                    _revenue_node(board, revenue, parts),
                    _cost_node(board, revenue, parts),
                ],
            ),
            *_by_class(board.base.equity, parts, lambda one: one.base.equity),
        ],
        is_open=True,
    )


def _revenue(board: LeverBoard) -> Decimal:
    return _money(board.sums.revenue)


def _revenue_node(
    board: LeverBoard, revenue: Decimal, parts: Sequence[LeverBoard]
) -> TreeNode:
    price, units = _price(board), _units(board, revenue)
    how = "price × quantity"
    if price and units is not None:
        how = f"{cents(price)} a unit × {count(round(units))} units"
    return TreeNode(
        "Revenue",
        revenue,
        how,
        [
            *_quantity(board, revenue),
            *_by_product(board, revenue),
            *_by_class(revenue, parts, _revenue),
        ],
    )


def _price(board: LeverBoard) -> Decimal | None:
    """Return what a unit brought over the last year."""
    rows = board.base.facts["products"]
    units = sum(row[2] for row in rows)
    if units <= 0:
        return None
    return _money(sum(row[1] for row in rows) / units)


def _units(board: LeverBoard, revenue: Decimal) -> float | None:
    price = _price(board)
    return float(revenue / price) if price else None


def _quantity(board: LeverBoard, revenue: Decimal) -> list[Branches]:
    """Return quantity as product x customer: one line that multiplies, not sums."""
    units, facts = _units(board, revenue), board.base.facts
    orders = facts["orders"]
    if units is None or not orders:
        return []
    customers = board.base.customers
    per_order = sum(row[2] for row in facts["products"]) / orders
    each = units / customers / per_order
    how = (
        f"{counted(customers, 'customer')} × {number(each, 2)} orders each × "
        f"{number(per_order, 1)} units an order, over the horizon and discounted"
    )
    return [
        Branches("quantity: product × customer", [TreeNode("Quantity", revenue, how)])
    ]


def _by_product(board: LeverBoard, revenue: Decimal) -> list[Branches]:
    rows = board.base.facts["products"]
    total = sum(row[1] for row in rows)
    if total <= 0:
        return []
    amounts = apportioned(revenue, [row[1] / total for row in rows])
    nodes = [
        TreeNode(
            name, amount, f"{number(units)} units last year at {_each(sold, units)}"
        )
        for (name, sold, units), amount in zip(rows, amounts, strict=True)
    ]
    return [Branches("product, if the mix stays that of the last year", nodes)]


def _each(sold: float, units: float) -> str:
    return cents(_money(sold / units)) if units > 0 else "no price known"


def _cost_node(
    board: LeverBoard, revenue: Decimal, parts: Sequence[LeverBoard]
) -> TreeNode:
    costs = board.sums.costs
    goods = _goods(board)
    kinds = [
        TreeNode(
            f"{COST_LABELS[kind]}",
            -_money(costs[kind].amount),
            "grows with orders" if costs[kind].with_orders else "grows with years",
            _by_class(-_money(costs[kind].amount), parts, partial(_minus_kind, kind)),
        )
        for kind in in_order(costs)
        if _money(costs[kind].amount)
    ]
    serving = sum((node.amount for node in kinds), ZERO)
    whole = board.base.equity - revenue
    return TreeNode(
        "Cost",
        whole,
        "cost of goods + cost to serve",
        [
            Branches(
                "goods and serving",
                [
                    TreeNode(
                        "Cost of goods",
                        goods,
                        "revenue − margin",
                        _by_class(goods, parts, _goods),
                    ),
                    TreeNode(
                        "Cost to serve",
                        serving,
                        "by kind of cost",
                        [Branches("kind of cost", kinds)] if kinds else [],
                    ),
                ],
            ),
            *_by_class(whole, parts, lambda one: one.base.equity - _revenue(one)),
        ],
    )


def _goods(board: LeverBoard) -> Decimal:
    return _money(board.sums.margin) - _revenue(board)


def _minus_kind(kind: str, board: LeverBoard) -> Decimal:
    kept = board.sums.costs.get(kind)
    return -_money(kept.amount) if kept else ZERO


def _by_class(
    whole: Decimal,
    parts: Sequence[LeverBoard],
    amount: Callable[[LeverBoard], Decimal],
) -> list[Branches]:
    """Return a split by class; who stands in none takes what is left."""
    if not parts:
        return []
    nodes = [
        TreeNode(one.label, amount(one), f"{counted(one.base.customers, 'customer')}")
        for one in parts
    ]
    left = whole - sum((node.amount for node in nodes), ZERO)
    if left:
        nodes.append(TreeNode("In no class", left))
    return [Branches("class", nodes)]


def apportioned(whole: Decimal, shares: Sequence[float]) -> list[Decimal]:
    """Return `whole` by shares, in cents; the largest share takes the remainder."""
    amounts = [(whole * Decimal(repr(share))).quantize(CENT) for share in shares]
    if amounts:
        largest = max(range(len(shares)), key=lambda place: abs(shares[place]))
        amounts[largest] += whole - sum(amounts, ZERO)
    return amounts


def flat(
    node: TreeNode, path: Sequence[str] = ()
) -> Iterator[tuple[str, str, Decimal, str]]:
    """Yield every node as path, what it is split by, amount and how; for a file."""
    here = [*path, node.label]
    if not path:
        yield node.label, "", node.amount, node.how
    for split in node.splits:
        for one in split.nodes:
            yield " > ".join([*here, one.label]), split.by, one.amount, one.how
            yield from flat(one, here)


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
