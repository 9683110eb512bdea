// See event_source.h.
#include "extension/reports/event_source.h"

#include <cctype>
#include <cstring>

#include "extension/catalog/configuration.h"
#include "extension/pg/expression_text.h"
#include "extension/pg/tree_walk.h"
#include "extension/reports/query_repeats.h"

namespace footfall::reports {

namespace {

// What the caller wrote for one argument, in front of which stands `offset` bytes of ours.
struct UserText {
    const char* argument;
    const char* text;
    int offset;
};

// A position in our statement is one in the caller's text, or nothing the caller could use.
void userTextContext(void* context) {
    const auto* user = static_cast<UserText*>(context);
    const int position = geterrposition() - user->offset;
    if (geterrposition() > 0) {
        errposition(0);
        if (position > 0) {
            internalerrposition(position);
            internalerrquery(user->text);
        }
    }
    errcontext("argument \"%s\": %s", user->argument, user->text);
}

class UserTextScope {
  public:
    explicit UserTextScope(UserText* user) {
        callback_.callback = userTextContext;
        callback_.arg = user;
        callback_.previous = error_context_stack;
        error_context_stack = &callback_;
    }
    void end() { error_context_stack = callback_.previous; }

  private:
    ErrorContextCallback callback_;
};

constexpr char kSelect[] = "SELECT ";
constexpr int kSelectLength = sizeof(kSelect) - 1;

bool startsQuery(const char* text) {
    while (isspace(static_cast<unsigned char>(*text))) {
        text++;
    }
    if (*text == '(' || strncmp(text, "--", 2) == 0 || strncmp(text, "/*", 2) == 0) {
        return true;
    }
    for (const char* word : {"select", "with", "values", "table"}) {
        const size_t length = strlen(word);
        if (pg_strncasecmp(text, word, length) == 0 &&
            (isspace(static_cast<unsigned char>(text[length])) || text[length] == '(' ||
             text[length] == '/' || text[length] == '-')) {
            return true;
        }
    }
    return false;
}

Query* analyzeStatement(const char* text) {
    List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
    return parse_analyze_fixedparams(linitial_node(RawStmt, statements), text, nullptr, 0, nullptr);
}

// A constant that was read from text by rules of the session: a time, a span, a range, a row of
// them.
bool holdsMoment(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Query)) {
        return pg::walkQuery(castNode(Query, node), holdsMoment, context, 0);
    }
    if (IsA(node, Const)) {
        const Oid type = castNode(Const, node)->consttype;
        const Oid element = get_base_element_type(type);
        char category = TYPCATEGORY_INVALID;
        bool preferred = false;
        get_type_category_preferred(OidIsValid(element) ? element : getBaseType(type), &category,
                                    &preferred);
        return category == TYPCATEGORY_DATETIME || category == TYPCATEGORY_TIMESPAN ||
               category == TYPCATEGORY_RANGE || category == TYPCATEGORY_COMPOSITE;
    }
    return pg::walkExpression(node, holdsMoment, context);
}

char* sessionTimeZone() {
    return pstrdup(pg_get_timezone_name(session_timezone));
}

}  // namespace

EventSource::EventSource(const Arguments& arguments)
    : arguments_(&arguments),
      label_(nullptr),
      from_(nullptr),
      zoneName_(nullptr),
      zone_(nullptr),
      columns_(NIL),
      relations_(NIL) {
    char* zone = arguments.isNull("time_zone") ? sessionTimeZone() : arguments.string("time_zone");
    // An unknown zone is an error here, also when there are no events.
    (void)DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(zone), TimestampTzGetDatum(0));
    zoneName_ = zone;
    zone_ = quote_literal_cstr(zone);
    char* events = arguments.requiredString("events");
    if (startsQuery(events)) {
        openQuery(events);
    } else {
        openRelation(events);
    }
    describeColumns();
}

void EventSource::openRelation(const char* name) {
    UserText user = {"events", name, 0};
    UserTextScope scope(&user);
    List* names = textToQualifiedNameList(cstring_to_text(name));
    const Oid relation = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, false);
    scope.end();
    const char kind = get_rel_relkind(relation);
    const char* relationName = get_rel_name(relation);
    if (strchr("rpvmf", kind) == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("events: \"%s\" is not a table or view", relationName)));
    }
    if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
        pg_attribute_aclcheck_all(relation, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK) {
        aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(kind), relationName);
    }
    label_ = psprintf("\"%s\"", relationName);
    alias_ = quote_identifier(relationName);
    from_ = psprintf(
        "%s AS %s",
        quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), relationName),
        alias_);
}

// One SELECT, and nothing that would be refused in a FROM clause or change it.
void EventSource::openQuery(const char* text) {
    UserText user = {"events", text, 0};
    UserTextScope scope(&user);
    List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
    auto* statement = list_length(statements) == 1 ? linitial_node(RawStmt, statements) : nullptr;
    if (statement == nullptr || !IsA(statement->stmt, SelectStmt)) {
        ereport(ERROR,
                (errcode(ERRCODE_SYNTAX_ERROR), errmsg("events must be a relation or one query"),
                 errhint("For example events => 'events' or events => 'SELECT ts, "
                         "customer_id, event FROM events WHERE country = ''DE'''.")));
    }
    scope.end();
    const int length = statement->stmt_len > 0
                           ? statement->stmt_len
                           : static_cast<int>(strlen(text)) - statement->stmt_location;
    label_ = "the query";
    alias_ = "events";
    // The line break ends a comment at the end of the query.
    from_ = psprintf("(%s\n) AS %s", pnstrdup(text + statement->stmt_location, length), alias_);
}

void EventSource::describeColumns() {
    char* statement = psprintf("SELECT * FROM %s", from_);
    char* events = arguments_->requiredString("events");
    UserText user = {"events", events, static_cast<int>(strlen("SELECT * FROM ("))};
    UserTextScope scope(&user);
    Query* query = analyzeStatement(statement);
    scope.end();
    ListCell* cell;
    foreach (cell, query->targetList) {
        auto* target = lfirst_node(TargetEntry, cell);
        if (target->resjunk || target->resname == nullptr) {
            continue;
        }
        auto* column = static_cast<Column*>(palloc(sizeof(Column)));
        column->name = target->resname;
        column->type = exprType(reinterpret_cast<Node*>(target->expr));
        columns_ = lappend(columns_, column);
    }
    relations_ = relationsOf(query);
    writesMoments_ = holdsMoment(reinterpret_cast<Node*>(query), nullptr);
}

bool EventSource::repeats(const char* conditions) const {
    return queryRepeats(psprintf("SELECT FROM %s\nWHERE %s", from_, conditions));
}

const char* EventSource::keepAs(const char* name) {
    const char* query = psprintf("SELECT * FROM %s", from_);
    from_ = psprintf("%s AS %s", name, alias_);
    return query;
}

const char* EventSource::column(Role role) const {
    const Column* column = columnOf(role, columns_, relations_);
    if (column == nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("it is not known which column of %s is %s", label_, meaningOf(role)),
                 errhint("Say it with footfall.configure(..., %s => '...'), or give a query that "
                         "names the column %s.",
                         settingOf(role), usualName(role))));
    }
    return quote_identifier(column->name);
}

Oid EventSource::timeType() const {
    (void)column(Role::Time);
    const Column* time = columnOf(Role::Time, columns_, relations_);
    const Oid type = getBaseType(time->type);
    if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("the time column \"%s\" is of type %s", time->name,
                               format_type_be(time->type)),
                        errhint("It must be timestamp with time zone, timestamp or date.")));
    }
    return type;
}

const char* EventSource::time() const {
    const char* name = column(Role::Time);
    if (timeType() == TIMESTAMPTZOID) {
        return name;
    }
    return psprintf("pg_catalog.timezone(%s, %s::pg_catalog.timestamp)", zone_, name);
}

const char* EventSource::timeOf(const char* aggregate) const {
    const char* name = column(Role::Time);
    if (timeType() == TIMESTAMPTZOID) {
        return psprintf("pg_catalog.%s(%s)", aggregate, name);
    }
    return psprintf("pg_catalog.timezone(%s, pg_catalog.%s(%s)::pg_catalog.timestamp)", zone_,
                    aggregate, name);
}

const char* EventSource::hasCustomer() const {
    return psprintf("%s IS NOT NULL", column(Role::Customer));
}

const char* EventSource::amount() const {
    char* amount = amountOf(columns_, relations_);
    return amount == nullptr ? nullptr : psprintf("(%s)", amount);
}

Oid EventSource::amountType() const {
    const char* text = amount();
    return text == nullptr ? InvalidOid : getBaseType(analyze("amount", text));
}

bool EventSource::writesMoments() const {
    (void)amountType();
    return writesMoments_;
}

const char* EventSource::compareTime(const char* comparison, TimestampTz bound) const {
    const char* name = column(Role::Time);
    if (timeType() == TIMESTAMPTZOID) {
        return psprintf("%s OPERATOR(pg_catalog.%s) %s", name, comparison, timeLiteral(bound));
    }
    if (TIMESTAMP_NOT_FINITE(bound)) {
        return psprintf("%s OPERATOR(pg_catalog.%s) '%s'::pg_catalog.timestamp", name, comparison,
                        TIMESTAMP_IS_NOBEGIN(bound) ? "-infinity" : "infinity");
    }
    return psprintf("%s OPERATOR(pg_catalog.%s) pg_catalog.timezone(%s, %s)", name, comparison,
                    zone_, timeLiteral(bound));
}

const char* EventSource::during(TimestampTz since, TimestampTz until) const {
    return psprintf("%s AND %s", compareTime(TIMESTAMP_IS_NOBEGIN(since) ? ">" : ">=", since),
                    compareTime("<", until));
}

// The type of an expression over the source's columns, which is one expression and reads one row.
Oid EventSource::analyze(const char* argument, const char* text, bool* aggregates) const {
    UserText user = {argument, text, 0};
    UserTextScope scope(&user);
    if (pg::parseExpressionText(text) == nullptr) {
        ereport(
            ERROR,
            (errcode(ERRCODE_SYNTAX_ERROR), errmsg("%s must be one column or expression", argument),
             errhint("For example %s => 'device' or %s => 'price > 100'.", argument, argument)));
    }
    user.offset = kSelectLength;
    char* statement = psprintf("%s%s\nFROM %s", kSelect, text, from_);
    Query* query = analyzeStatement(statement);
    if ((query->hasAggs && aggregates == nullptr) || query->hasWindowFuncs ||
        query->hasTargetSRFs) {
        ereport(ERROR, (errcode(ERRCODE_GROUPING_ERROR),
                        errmsg("%s must not contain %swindow functions or functions that return "
                               "sets",
                               argument, aggregates == nullptr ? "aggregates, " : ""),
                        errhint("Compute it in a query and give that as events.")));
    }
    if (aggregates != nullptr) {
        *aggregates = query->hasAggs;
    }
    scope.end();
    writesMoments_ = writesMoments_ || holdsMoment(reinterpret_cast<Node*>(query), nullptr);
    auto* target = linitial_node(TargetEntry, query->targetList);
    return exprType(reinterpret_cast<Node*>(target->expr));
}

void EventSource::checkCondition(const char* argument, const char* text, Oid type) const {
    if (getBaseType(type) != BOOLOID) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("%s must be a condition, not an expression of type %s: %s", argument,
                               format_type_be(type), text),
                        errhint("For example %s => 'price > 100'.", argument)));
    }
}

const char* EventSource::condition(const char* argument, const char* text) const {
    checkCondition(argument, text, analyze(argument, text));
    return psprintf("(%s\n)", text);
}

const char* EventSource::customerCondition(const char* argument, const char* text) const {
    bool aggregates = false;
    checkCondition(argument, text, analyze(argument, text, &aggregates));
    return psprintf(aggregates ? "(%s\n)" : "pg_catalog.bool_or((%s\n))", text);
}

const char* EventSource::expressionAsText(const char* argument, const char* text) const {
    (void)analyze(argument, text);
    return psprintf("(%s\n)::pg_catalog.text", text);
}

const char* EventSource::eventIs(const char* argument, const char* name) const {
    const char* condition =
        psprintf("%s OPERATOR(pg_catalog.=) %s", column(Role::Event), quote_literal_cstr(name));
    (void)analyze(argument, condition);
    return condition;
}

// The category of the type of what happened; 0 when that is not said.
char EventSource::eventCategory() const {
    const Column* event = columnOf(Role::Event, columns_, relations_);
    char category = '\0';
    bool preferred = false;
    if (event != nullptr) {
        get_type_category_preferred(getBaseType(event->type), &category, &preferred);
    }
    return category;
}

const char* EventSource::eventIsCalled(const char* name) const {
    return psprintf("%s%s OPERATOR(pg_catalog.=) %s", column(Role::Event),
                    eventCategory() == TYPCATEGORY_STRING ? "" : "::pg_catalog.text",
                    quote_literal_cstr(name));
}

const char* EventSource::eventIsUsually(const char* names) const {
    const char category = eventCategory();
    if (category != TYPCATEGORY_STRING && category != TYPCATEGORY_ENUM) {
        return nullptr;
    }
    return psprintf("%s%s OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.text[])", column(Role::Event),
                    category == TYPCATEGORY_STRING ? "" : "::pg_catalog.text",
                    quote_literal_cstr(psprintf("{%s}", names)));
}

const char* EventSource::eventIsOneOf(const char* argument, List* names) const {
    ListCell* cell;
    foreach (cell, names) {
        (void)eventIs(argument, static_cast<char*>(lfirst(cell)));
    }
    return psprintf("%s OPERATOR(pg_catalog.=) ANY (%s)", column(Role::Event),
                    quote_literal_cstr(catalog::formatNames(names)));
}

const char* EventSource::filter() const {
    const char* text = arguments_->string("filter");
    return text == nullptr ? "" : psprintf(" AND %s", condition("filter", text));
}

}  // namespace footfall::reports
