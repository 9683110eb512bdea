"""Which column of a file plays which role: by its usual names, or as MAP says.

A role is a column of the demo's table that its questions need. Columns without a role are loaded
under their own name.
"""
import re
import shlex

from problem import Problem

# The most telling name first: a file may hold several that fit.
USUAL_NAMES = {
    "ts": "ts event_time event_timestamp timestamp event_datetime datetime date_time occurred_at "
          "created_at server_time visit_time order_purchase_timestamp purchase_timestamp "
          "transaction_timestamp time order_date invoice_date purchase_date transaction_date "
          "event_date date day",
    "customer_id": "customer_id customer cust_id client_id user_id user visitor_id shopper_id "
                   "buyer_id member_id person_id account_id customer_unique_id household_id "
                   "household_key uid",
    "event_type": "event_type event_name event action behavior behavior_type behaviour "
                  "activity activity_type interaction type",
    "session_id": "session_id session user_session visit_id ga_session_id session_key",
    "product_id": "product_id product item_id item sku asin stock_code article_id parent_asin",
    "order_id": "order_id order order_number transaction_id invoice invoice_no invoice_id "
                "basket_id purchase_id",
    "price": "price unit_price item_price product_price",
    "quantity": "quantity qty units pieces",
    "amount": "amount total_amount order_amount revenue total total_price order_total "
              "order_value sales_value sales dollar_value dollars spend payment_value value gmv",
    "category": "category category_code category_name product_category department",
    "campaign": "campaign utm_campaign campaign_name",
}
ROLES = list(USUAL_NAMES)
STEPS = ("view", "cart", "purchase")
USUAL_EVENTS = {
    "view": "view page_view product_view view_item view_product product_viewed item_view "
            "product_detail detail detail_view pageview pv viewed click",
    "cart": "cart add_to_cart addtocart added_to_cart cart_add product_added basket "
            "add_to_basket add_cart atc",
    "purchase": "purchase purchased order order_placed order_completed completed_purchase "
                "transaction buy bought sale checkout_completed paid conversion",
}


def plain(name):
    """The name as it is compared: lower case, one underscore between words."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def sql_name(name, taken, number):
    """A readable SQL name for a column without a role."""
    base = plain(name)[:50] or f"column_{number}"
    if base[0].isdigit():
        base = "c_" + base
    candidate, suffix = base, 2
    while candidate in taken:
        candidate, suffix = f"{base}_{suffix}", suffix + 1
    return candidate


def parse_map(text):
    """MAP="ts=event_time view=seen" as ({role: column}, {step: [event values]})."""
    roles, events = {}, {}
    for part in shlex.split(text or ""):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise Problem(f'MAP: "{part}" is not of the form role=column.',
                          'Write for example MAP="ts=event_time customer_id=user_id".')
        if key in ROLES:
            if key in roles:
                raise Problem(f"MAP names {key} twice.", "Give each role one column.")
            roles[key] = value
        elif key in STEPS:
            events[key] = value.split(",")
        else:
            raise Problem(
                f'MAP: there is no role "{key}".',
                f"Roles are {', '.join(ROLES)}; and {', '.join(STEPS)} to say which "
                f"event_type each step of the funnel has.")
    return roles, events


def usual_role(name, role):
    """How well a column's name fits a role: the smaller the better, None when not at all."""
    squeezed = plain(name).replace("_", "")
    for rank, usual in enumerate(USUAL_NAMES[role].split()):
        if squeezed == usual.replace("_", ""):
            return rank
    if role == "quantity" and plain(name).startswith(("number_of_", "num_")):
        return 100
    return None


def assign(header, mapped, has_header):
    """Which column (by position) plays each role, as {role: index}.

    header: the file's column names; mapped: roles from MAP, by name or by number from 1.
    """
    assigned = {}
    for role, wanted in mapped.items():
        matches = [i for i, name in enumerate(header) if name == wanted] or [
            i for i, name in enumerate(header) if plain(name) == plain(wanted)]
        if not matches and wanted.isdigit() and 1 <= int(wanted) <= len(header):
            matches = [int(wanted) - 1]
        if not matches:
            raise Problem(
                f'MAP: the file has no column "{wanted}" for {role}.',
                f"Its columns are: {', '.join(header)}." if has_header
                else f"It has no header line and {len(header)} columns: give a number from 1.")
        if matches[0] in assigned.values():
            raise Problem(f'MAP gives the column "{wanted}" two roles.', "Give it one.")
        assigned[role] = matches[0]
    for role in ROLES:
        if role in assigned:
            continue
        fits = [(usual_role(name, role), i) for i, name in enumerate(header)
                if i not in assigned.values() and usual_role(name, role) is not None]
        if has_header and fits:
            assigned[role] = min(fits)[1]
    for role, meaning in (("ts", "the time of the event"), ("customer_id", "whose event it is")):
        if role in assigned:
            continue
        if not has_header:
            raise Problem(
                "The file has no header line, so its columns have no names.",
                f'Say by its number, 1 to {len(header)}, which one is {role} ({meaning}): '
                f'MAP="{role}=2 …".')
        free = [name for i, name in enumerate(header) if i not in assigned.values()]
        raise Problem(
            f"No column looks like {role} ({meaning}).",
            f'Say which one it is: MAP="{role}={(free or header)[0]}"; '
            f"the columns are: {', '.join(header)}.")
    return {role: assigned[role] for role in ROLES if role in assigned}


def event_steps(values, mapped):
    """Which event_type values are a view, a cart and a purchase: {step: [values]}."""
    steps = {}
    for step in STEPS:
        if step in mapped:
            absent = [v for v in mapped[step] if v not in values]
            if absent:
                raise Problem(f'MAP: no event is of the type "{absent[0]}".',
                              f"The types are: {', '.join(sorted(values)[:20])}.")
            steps[step] = mapped[step]
            continue
        usual = [name.replace("_", "") for name in USUAL_EVENTS[step].split()]
        fits = [(usual.index(plain(v).replace("_", "")), v) for v in values
                if plain(v).replace("_", "") in usual]
        steps[step] = [min(fits)[1]] if fits else []
    return steps
