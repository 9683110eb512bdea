-- Recommendations: training, and what customers may want next. Recommenders are models: versions, deployment, metrics and
-- rights are those of 80_models.sql.

CREATE FUNCTION footfall.id_text(value pg_catalog.anyelement)
    RETURNS pg_catalog.text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_id_text';
COMMENT ON FUNCTION footfall.id_text(pg_catalog.anyelement) IS
    'The text by which a recommender knows a customer or product, the same in every session. Example: footfall.id_text(customer_id)';

CREATE FUNCTION footfall.train_recommender(
    model pg_catalog.text,
    events pg_catalog.text,
    algorithm pg_catalog.text DEFAULT 'als',
    options pg_catalog.jsonb DEFAULT '{}',
    purchase pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    OUT trained_model pg_catalog.text,
    OUT version pg_catalog.int4,
    OUT customers pg_catalog.int8,
    OUT products pg_catalog.int8,
    OUT interactions pg_catalog.int8,
    OUT test_customers pg_catalog.int8,
    OUT precision_at_k pg_catalog.float8,
    OUT recall_at_k pg_catalog.float8,
    OUT map_at_k pg_catalog.float8,
    OUT ndcg_at_k pg_catalog.float8,
    OUT auc_at_k pg_catalog.float8)
    RETURNS pg_catalog.record
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 AS 'MODULE_PATHNAME', 'footfall_train_recommender';
COMMENT ON FUNCTION footfall.train_recommender(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb,
    pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Trains a version of a recommender on the events of a relation or query (algorithm als, cosine or bm25) in a process of its own, and returns how well it foresaw what customers bought after a split in time. Example: SELECT * FROM footfall.train_recommender(''next'', ''events'', options => ''{"factors": 64, "seed": 1}'')';

CREATE FUNCTION footfall.recommend(
    model pg_catalog.text,
    customer pg_catalog.text,
    n pg_catalog.int4 DEFAULT 10,
    exclude_bought pg_catalog.bool DEFAULT true,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (rank pg_catalog.int4, product_id pg_catalog.text, score pg_catalog.float8, basis pg_catalog.text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'footfall_recommend';
COMMENT ON FUNCTION footfall.recommend(pg_catalog.text, pg_catalog.text, pg_catalog.int4, pg_catalog.bool,
    pg_catalog.int4) IS
    'The n products that a recommender takes for the best for a customer, without those they have bought; the most popular ones for a customer it does not know. For the model''s owner. Example: SELECT * FROM footfall.recommend(''next'', ''c-42'', 5)';

CREATE FUNCTION footfall.recommend(
    model pg_catalog.text,
    customer pg_catalog.anyelement,
    n pg_catalog.int4 DEFAULT 10,
    exclude_bought pg_catalog.bool DEFAULT true,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (rank pg_catalog.int4, product_id pg_catalog.text, score pg_catalog.float8, basis pg_catalog.text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'footfall_recommend';
COMMENT ON FUNCTION footfall.recommend(pg_catalog.text, pg_catalog.anyelement, pg_catalog.int4, pg_catalog.bool,
    pg_catalog.int4) IS
    'The same for a customer of any type. Example: SELECT c.customer_id, r.* FROM customers c, footfall.recommend(''next'', c.customer_id, 5) r';

CREATE FUNCTION footfall.similar_products(
    model pg_catalog.text,
    product pg_catalog.text,
    n pg_catalog.int4 DEFAULT 10,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (rank pg_catalog.int4, product_id pg_catalog.text, score pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'footfall_similar_products';
COMMENT ON FUNCTION footfall.similar_products(pg_catalog.text, pg_catalog.text, pg_catalog.int4, pg_catalog.int4) IS
    'The n products most similar to one, by a recommender; none for a product it does not know. For the model''s owner. Example: SELECT * FROM footfall.similar_products(''next'', ''p-7'')';

CREATE FUNCTION footfall.similar_products(
    model pg_catalog.text,
    product pg_catalog.anyelement,
    n pg_catalog.int4 DEFAULT 10,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (rank pg_catalog.int4, product_id pg_catalog.text, score pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'footfall_similar_products';
COMMENT ON FUNCTION footfall.similar_products(pg_catalog.text, pg_catalog.anyelement, pg_catalog.int4,
    pg_catalog.int4) IS
    'The same for a product of any type. Example: SELECT p.product_id, s.* FROM products p, footfall.similar_products(''next'', p.product_id, 3) s';
