"""What one run consists of, from the sums per account to the touches in *Today*."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from campaigns.queries import effort, effort_within, optimiser, spend_effect
from campaigns.services import (
    alert_rules,
    alerts,
    campaigns,
    planning,
    plans,
    standings,
)
from campaigns.services.automations import log_pruning
from clv.choices import RunKind
from clv.models import ValuationRun
from clv.services import (
    execution,
    expansion,
    forecast,
    judging,
    offers,
    paybacks,
    previews,
    pruning,
    steps,
)
from clv.services.execution import Chain, Done, Step, Work
from clv.services.partitions import value_table
from common.clock import business_today
from config.prepared import prepare
from crm.services import lifecycle
from segments.choices import WorthClass
from segments.queries import members
from segments.services import (
    changes,
    classes,
    effects,
    findings,
    levers,
    matrix,
    portraits,
    reclassing,
    rollups,
)


def _publish(work: Work) -> Done:
    """Publish the values, once: a run that is classed again has done so."""
    if work.lease.is_published:
        return Done(work.run.accounts_valued, {"skipped": "published before"})
    return steps.publish(work)


def _classify(work: Work) -> Done:
    done = classes.classify(work.run)
    moves = [
        {"from": WorthClass(was).label, "to": WorthClass(becomes).label, "accounts": n}
        for was, becomes, n in done.moves
    ]
    return Done(done.accounts, {"moved": done.moved, "moves": moves})


def _plan(work: Work) -> Done:
    """Plan touches for today's classes; a run of the past has none to plan."""
    if not work.run.is_current:
        return Done(0, {"skipped": "not the current run"})
    with work.lease.fenced():
        plans.ensure_plans(actor=None)
        today = business_today()
        ended = campaigns.end_over(as_of=today)
        expired = planning.expire_touches(as_of=today)
        planned = planning.plan_touches(as_of=today)
        told = alerts.tell(run=work.run, today=today)
        told += alert_rules.tell_patterns(today=today)
        said = {"expired": expired, "alerts": told, "campaigns_ended": ended}
        return Done(planned, said)


def _list(work: Work) -> Done:
    """Write down where every account stands, for lists to sort by."""
    if not work.run.is_current:
        return Done(0, {"skipped": "not the current run"})
    with work.lease.fenced():
        return Done(standings.write_standings(work.run))


def _stage(work: Work) -> Done:
    """Move accounts into the stages of their rules; only a run of today does."""
    if not work.run.is_current:
        return Done(0, {"skipped": "not the current run"})
    with work.lease.fenced():
        return Done(lifecycle.apply_rules(as_of=work.run.as_of))


def _explain(work: Work) -> Done:
    """Sum up why values changed since the run before, and learn what may be added."""
    with work.lease.fenced():
        done = changes.write_rollup(work.run)
        detail = {
            "rates": expansion.learn_expansion(work.run),
            "offers": offers.write_offers(work.run),
        }
    return Done(done.rows, detail)


def _portray(work: Work) -> Done:
    """Keep what the members of each class are like."""
    with work.lease.fenced():
        return Done(portraits.write_portraits(work.run))


# Blocks of pages that stand above `segments`.
MORE_KEPT = MappingProxyType(
    {
        effort.ALLOCATION: effort.effort_rows,
        optimiser.CELLS_KEPT: optimiser.cell_rows,
    }
)
# The same of each class, rep, territory and industry.
MORE_KEPT_WITHIN = MappingProxyType({effort.PARTS: effort_within.effort_rows_within})


def _sum_up(work: Work) -> Done:
    """Keep the sums that the value pages show."""
    with work.lease.fenced():
        done = rollups.write_rollups(work.run, more=MORE_KEPT, within=MORE_KEPT_WITHIN)
    skipped = {"cohorts": "counted within the week"} if done.cells is None else {}
    return Done(done.rows, skipped)


def _find(work: Work) -> Done:
    """Write down where margin is lost that need not be, and by whom."""
    if not work.run.is_current:
        return Done(0, {"skipped": "not the current run"})
    with work.lease.fenced():
        return Done(findings.write_findings(work.run))


def _tidy(work: Work) -> Done:
    """Drop values, and what automations did not do, that are older than is kept."""
    with work.lease.fenced():
        dropped = pruning.drop_old_values()
        log = log_pruning.drop_passed_over()
    detail = {} if dropped is not None else {"skipped": "values in use"}
    return Done(dropped, detail | ({"log": log} if log else {}))


def _keep_levers(work: Work) -> Done:
    """Keep by class what levers act on, and where customers stand by two ranks."""
    with work.lease.fenced():
        rows = levers.write_bases(work.run)
        return Done(rows, {"matrix": matrix.write_matrix(work.run)})


def _prepare(work: Work) -> Done:
    """Ask for the reports of the whole firm, so that by day nobody waits for them."""
    return Done(prepare(work.run))


def _show_effect(work: Work) -> Done:
    """Hold the values of other assumptions against those of the run that is shown."""
    preview = work.run.preview
    compared = preview.compared
    with work.lease.fenced():
        table = value_table(work.lease)
        found = effects.effect_of(before=compared, after=work.run, values=table)
        found["justified"] = spend_effect.spend_effect(
            before=compared, numbers=preview.as_assumptions(), values=table
        )
        previews.keep_effect(work, found)
    return Done(found["totals"]["accounts"])


NIGHT: Chain = (
    (Step("summarise", partial(steps.summarise, groups=members.CODES)),),
    (Step("fit", steps.fit),),
    (Step("value", steps.value),),
    # New values never meet old classes: both are shown by the same commit.
    (Step("publish", _publish), Step("classify", _classify)),
    (Step("index", steps.index),),
    (Step("plan", _plan),),
    (Step("stages", _stage),),
    (Step("list", _list),),
    (Step("explain", _explain),),
    (Step("portray", _portray),),
    (Step("sum up", _sum_up),),
    (Step("opportunities", _find),),
    (Step("tidy", _tidy),),
    (Step("forecast", partial(forecast.write, classes_on=members.classes_on)),),
    (Step("payback", paybacks.count),),
    (Step("levers", _keep_levers),),
    (Step("prepare", _prepare),),
    # Last: nothing waits for it, and if it fails the night has been published.
    (Step("judge", partial(judging.judge, classes_on=members.classes_on)),),
)
# What knows nothing of today's classes and need not follow when they change.
WITHOUT_CLASSES = frozenset({"index", "tidy", "payback", "judge"})
AGAIN: Chain = (
    (Step("stored inputs", steps.take_stored),),
    (Step("value", steps.value),),
    (Step("compare", steps.compare),),
)
PREVIEW: Chain = (
    (Step("stored inputs", previews.take_inputs),),
    (Step("fit", previews.fit),),
    (Step("value", steps.value),),
    (Step("effect", _show_effect),),
)
CHAINS: Mapping[str, Chain] = MappingProxyType(
    {
        RunKind.NIGHTLY: NIGHT,
        RunKind.ON_DEMAND: NIGHT,
        RunKind.RERUN: AGAIN,
        RunKind.PREVIEW: PREVIEW,
    }
)


def class_again() -> ValuationRun | None:
    """Have today's values classed anew, and all that follows, if somebody asked."""
    names = [step.name for group in NIGHT for step in group]
    following = names[names.index("classify") :]
    return reclassing.open_again(steps=set(following) - WITHOUT_CLASSES)


def execute(
    run_id: int,
    *,
    say: execution.Say = lambda _text: None,
    call_helpers: execution.CallHelpers = execution.call_nobody,
) -> bool:
    """Work through one run if it is there to be taken; False if it is not."""
    return execution.execute_run(run_id, CHAINS, say=say, call_helpers=call_helpers)
