// PostgreSQL's expression trees over one relation's columns as the engine's.
//
// What the engine knows is translated operator by operator; everything else becomes a foreign
// function of the largest parts of it that the engine does know. Parts that do not depend on a row
// are evaluated at the first row that needs them, as the executor would, except constants and
// parameters that have a value, which is taken at once. So an expression must be translated anew
// when parameters have changed.
//
// The executor's order of evaluation is kept: AND, OR, CASE and COALESCE are the engine's, and a
// part is made an argument of a foreign function only where the executor would evaluate it for
// every row.
#pragma once

#include "engine/scan/expression.h"
#include "extension/executor/foreign_function.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// Raises an ERROR when the user may not execute the function, as PostgreSQL does where it starts
// an expression.
void checkExecute(Oid function);

class ExpressionTranslator {
  public:
    // Column i of the batches is attribute list_nth_int(attributes, i) of the Vars' relation. To be
    // used in one memory context, which outlives what it makes.
    ExpressionTranslator(PlanState* planState, const List* attributes);
    // Vars of this relation are columns `first`, `first` + 1, ... of the batches, in the order of
    // these attributes. Without it every Var is taken for one of the constructor's relation.
    void addRelation(Index relation, const List* attributes, int first);

    // What is translated from now on is not evaluated: sub-queries that give parameters their
    // values do not run.
    void leaveOutValues() { takesValues_ = false; }

    // Not for trees with aggregates, sub-plans or volatile functions.
    const scan::Expression* translate(Node* node);
    // The same of a filter. A sub-query whose value all rows are compared with, not only those that
    // other conditions leave, runs now, since engine and zone maps compare best with a constant.
    const scan::Expression* translateFilter(Node* node);

    scan::ExpressionBuilder& builder() { return *builder_; }
    ForeignExpressions* foreign() { return foreign_; }
    pg::ContextResource* resource() { return resource_; }
    // Gives back what does not go with the memory context.
    void release() { foreign_->release(); }

  private:
    using Arguments = std::span<const scan::Expression* const>;

    const scan::Expression* tryNative(Node* node);
    const scan::Expression* column(const Var* var);
    const scan::Expression* constant(Oid type, Datum value, bool null);
    const scan::Expression* parameter(Param* param);
    const scan::Expression* function(Oid function, Oid collation, Node* node, List* arguments);
    const scan::Expression* step(Node* node);
    const scan::Expression* like(scan::Operator op, Oid collation, List* arguments);
    const scan::Expression* equality(scan::Operator op, DistinctExpr* distinct);
    const scan::Expression* anyOf(ScalarArrayOpExpr* any);
    const scan::Expression* boolean(BoolExpr* expression);
    const scan::Expression* caseOf(CaseExpr* expression);
    const scan::Expression* foreignCall(Node* node);
    const scan::Expression* call(scan::Operator op, Node* node, List* arguments);

    Arguments translateAll(List* nodes);
    bool hasValue(const Param* param) const;
    bool valueOf(Node* node, Datum* value, bool* null);

    struct Hoisting;
    static Node* hoist(Node* node, void* context);

    // A relation beside the first, by its range table index.
    struct FurtherRelation {
        Index relation;
        const List* attributes;
        int first;
        FurtherRelation* next;
    };

    PlanState* planState_;
    const List* attributes_;
    bool takesValues_ = true;
    bool runsQueries_ = false;  // in the part of a filter that is evaluated for every row
    FurtherRelation* further_ = nullptr;
    pg::ContextResource* resource_;
    scan::ExpressionBuilder* builder_;
    ForeignExpressions* foreign_;
};

}  // namespace footfall::executor
