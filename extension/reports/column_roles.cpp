// See column_roles.h.
#include "extension/reports/column_roles.h"

#include <cstring>

#include "extension/catalog/amount_expression.h"
#include "extension/catalog/configuration.h"
#include "extension/pg/tree_walk.h"

namespace footfall::reports {

namespace {

struct RoleWords {
    const char* setting;
    const char* meaning;
    const char* usual[4];
};

// In the order of Role. The most telling name first.
constexpr RoleWords kRoles[] = {
    {catalog::kTimeColumn, "the time of an event", {"ts", "event_time", "occurred_at", "time"}},
    {catalog::kCustomerColumn,
     "the customer",
     {"customer_id", "user_id", "visitor_id", "customer"}},
    {"event_column", "what happened", {"event", "event_type", "event_name", nullptr}},
    {"session_column", "the session", {"session_id", "user_session", nullptr, nullptr}},
    {"product_column", "the product", {"product_id", "item_id", nullptr, nullptr}},
    {"order_column", "the order", {"order_id", nullptr, nullptr, nullptr}},
    {"campaign_column", "the campaign", {"campaign", "utm_campaign", "channel", nullptr}},
    {nullptr, "the category", {"category", "category_id", "category_code", nullptr}},
    {nullptr, "the device", {"device", "device_type", nullptr, nullptr}},
    {nullptr, "the country", {"country", "country_code", nullptr, nullptr}},
};
constexpr const char* kUsualAmounts[] = {"amount", "revenue"};

const RoleWords& wordsOf(Role role) {
    return kRoles[static_cast<int>(role)];
}

const Column* findColumn(List* columns, const char* name) {
    ListCell* cell;
    foreach (cell, columns) {
        const auto* column = static_cast<Column*>(lfirst(cell));
        if (strcmp(column->name, name) == 0) {
            return column;
        }
    }
    return nullptr;
}

bool isNumber(Oid type) {
    char category = '\0';
    bool preferred = false;
    get_type_category_preferred(getBaseType(type), &category, &preferred);
    return category == TYPCATEGORY_NUMERIC && type != OIDOID;
}

[[noreturn]] void complainAmbiguous(const char* setting, const char* one, const char* other) {
    ereport(ERROR, (errcode(ERRCODE_AMBIGUOUS_COLUMN),
                    errmsg("%s could be \"%s\" or \"%s\": two tables of the query are configured "
                           "differently",
                           setting, one, other),
                    errhint("Leave one of the two out of the query's columns.")));
}

bool allPresent(List* columns, List* names) {
    ListCell* cell;
    foreach (cell, names) {
        if (findColumn(columns, static_cast<char*>(lfirst(cell))) == nullptr) {
            return false;
        }
    }
    return true;
}

bool collectRelations(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    check_stack_depth();
    if (IsA(node, Query)) {
        return pg::walkQuery(castNode(Query, node), collectRelations, context,
                             QTW_EXAMINE_RTES_BEFORE);
    }
    if (IsA(node, RangeTblEntry)) {
        auto* entry = castNode(RangeTblEntry, node);
        auto* relations = static_cast<List**>(context);
        if (entry->rtekind != RTE_RELATION || list_member_oid(*relations, entry->relid)) {
            return false;
        }
        *relations = lappend_oid(*relations, entry->relid);
        if (entry->relkind == RELKIND_VIEW) {
            Relation view = table_open(entry->relid, AccessShareLock);
            auto* query = static_cast<Query*>(copyObjectImpl(get_view_query(view)));
            table_close(view, NoLock);
            return collectRelations(reinterpret_cast<Node*>(query), context);
        }
        return false;
    }
    return pg::walkExpression(node, collectRelations, context);
}

}  // namespace

const char* settingOf(Role role) {
    return wordsOf(role).setting;
}

const char* meaningOf(Role role) {
    return wordsOf(role).meaning;
}

const char* usualName(Role role) {
    return wordsOf(role).usual[0];
}

const Column* columnOf(Role role, List* columns, List* relations) {
    const RoleWords& words = wordsOf(role);
    const Column* found = nullptr;
    ListCell* cell;
    foreach (cell, words.setting == nullptr ? NIL : relations) {
        const char* name = catalog::settingOf(lfirst_oid(cell), words.setting);
        const Column* column = name == nullptr ? nullptr : findColumn(columns, name);
        if (column != nullptr && found != nullptr && column != found) {
            complainAmbiguous(words.setting, found->name, column->name);
        }
        found = column == nullptr ? found : column;
    }
    for (const char* usual : words.usual) {
        if (found == nullptr && usual != nullptr) {
            found = findColumn(columns, usual);
        }
    }
    return found;
}

char* amountOf(List* columns, List* relations) {
    char* found = nullptr;
    ListCell* cell;
    foreach (cell, relations) {
        char* amount = catalog::settingOf(lfirst_oid(cell), catalog::kAmount);
        if (amount == nullptr || !allPresent(columns, catalog::columnsOfAmount(amount))) {
            continue;
        }
        if (found != nullptr && strcmp(found, amount) != 0) {
            complainAmbiguous(catalog::kAmount, found, amount);
        }
        found = amount;
    }
    found = found == nullptr ? nullptr : catalog::qualifiedAmount(found);
    for (const char* usual : kUsualAmounts) {
        const Column* column = found == nullptr ? findColumn(columns, usual) : nullptr;
        if (column != nullptr && isNumber(column->type)) {
            found = pstrdup(quote_identifier(column->name));
        }
    }
    return found;
}

List* relationsOf(Query* query) {
    List* relations = NIL;
    (void)collectRelations(reinterpret_cast<Node*>(query), &relations);
    return relations;
}

}  // namespace footfall::reports
