// See server.h.
#include "extension/archive/server.h"

#include <cstring>

#include "extension/archive/module.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"

namespace footfall::archive {

namespace {

enum class Place { Server, Mapping };

struct Option {
    const char* name;
    Place place;
};

constexpr Option kOptions[] = {
    {"location", Place::Server},    {"endpoint", Place::Server},
    {"region", Place::Server},      {"access_key", Place::Mapping},
    {"secret_key", Place::Mapping}, {"session_token", Place::Mapping},
    {"user", Place::Mapping},       {"delegation_token", Place::Mapping},
};

const char* valueOf(List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        auto* definition = static_cast<DefElem*>(lfirst(cell));
        if (strcmp(definition->defname, name) == 0) {
            return defGetString(definition);
        }
    }
    return nullptr;
}

std::string textOf(const char* value) {
    return value == nullptr ? std::string() : std::string(value);
}

// Files of the host are a matter of who the server's owner is.
bool mayUseFiles(Oid role) {
    return has_privs_of_role(role, ROLE_PG_READ_SERVER_FILES) &&
           has_privs_of_role(role, ROLE_PG_WRITE_SERVER_FILES);
}

bool isFiles(const char* location) {
    return location != nullptr && pg_strncasecmp(location, "file:", 5) == 0;
}

[[noreturn]] void refuseFiles(Oid role) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("role \"%s\" may not archive to files of the database server's host",
                           GetUserNameFromId(role, false)),
                    errdetail("Servers with a location file:// belong to members of "
                              "pg_read_server_files and pg_write_server_files.")));
    pg_unreachable();
}

void checkServerOptions(List* options) {
    const char* location = valueOf(options, "location");
    if (location == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
                        errmsg("option \"location\" is missing"),
                        errhint("Name a place: s3://bucket/prefix, hdfs://host:port/path or "
                                "file:///path.")));
    }
    const char* endpoint = valueOf(options, "endpoint");
    const char* region = valueOf(options, "region");
    pg::enterEngine([&] {
        ArchiveOptions archive;
        archive.location = location;
        archive.endpoint = textOf(endpoint);
        archive.region = textOf(region);
        (void)kindOf(archive);
    });
    if (isFiles(location) && !mayUseFiles(GetUserId())) {
        refuseFiles(GetUserId());
    }
}

// An option that is nobody's, or somebody else's. A secret's value is not repeated.
void checkPlaces(List* options, Place place, bool any) {
    ListCell* cell;
    foreach (cell, options) {
        const char* name = static_cast<DefElem*>(lfirst(cell))->defname;
        const Option* found = nullptr;
        for (const Option& option : kOptions) {
            found = strcmp(option.name, name) == 0 ? &option : found;
        }
        if (found != nullptr && any && found->place == place) {
            continue;
        }
        const char* hint = found == nullptr
                               ? "Servers have location, endpoint and region; user mappings "
                                 "access_key, secret_key, session_token, user and "
                                 "delegation_token."
                           : found->place == Place::Mapping
                               ? "It is a secret: CREATE USER MAPPING ... OPTIONS."
                               : "It belongs to the server: CREATE SERVER ... OPTIONS.";
        ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
                        errmsg("invalid option \"%s\"", name), errhint("%s", hint)));
    }
}

// The user's mapping, or PUBLIC's; no options without one.
List* mappingOptions(Oid owner, Oid server) {
    for (const Oid user : {owner, Oid{InvalidOid}}) {
        HeapTuple tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(user),
                                          ObjectIdGetDatum(server));
        if (!HeapTupleIsValid(tuple)) {
            continue;
        }
        bool null = false;
        Datum options =
            SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple, Anum_pg_user_mapping_umoptions, &null);
        List* result = null ? NIL : untransformRelOptions(options);
        ReleaseSysCache(tuple);
        return result;
    }
    return NIL;
}

}  // namespace

Access accessOf(const char* name, Oid owner) {
    ForeignServer* server = GetForeignServerByName(name, true);
    if (server == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("archive server \"%s\" does not exist", name),
                        errhint("CREATE SERVER ... FOREIGN DATA WRAPPER footfall_archive OPTIONS "
                                "(location ...); of one that has archived rows, with the location "
                                "it had.")));
    }
    ForeignDataWrapper* wrapper = GetForeignDataWrapper(server->fdwid);
    if (strcmp(wrapper->fdwname, kWrapper) != 0 ||
        getExtensionOfObject(ForeignDataWrapperRelationId, server->fdwid) !=
            get_extension_oid("footfall", false)) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("server \"%s\" is not an archive", name),
                        errdetail("Its foreign data wrapper is \"%s\".", wrapper->fdwname),
                        errhint("CREATE SERVER ... FOREIGN DATA WRAPPER footfall_archive.")));
    }
    if (
#if PG_VERSION_NUM >= 160000
        object_aclcheck(ForeignServerRelationId, server->serverid, owner, ACL_USAGE)
#else
        pg_foreign_server_aclcheck(server->serverid, owner, ACL_USAGE)
#endif
        != ACLCHECK_OK) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for foreign server %s", name),
                        errdetail("The owner of the table, \"%s\", needs USAGE.",
                                  GetUserNameFromId(owner, false))));
    }
    Access access = {};
    access.server = server->servername;
    access.location = valueOf(server->options, "location");
    access.endpoint = valueOf(server->options, "endpoint");
    access.region = valueOf(server->options, "region");
    if (isFiles(access.location) && !mayUseFiles(server->owner)) {
        refuseFiles(server->owner);
    }
    List* mapping = mappingOptions(owner, server->serverid);
    access.accessKey = valueOf(mapping, "access_key");
    access.secretKey = valueOf(mapping, "secret_key");
    access.sessionToken = valueOf(mapping, "session_token");
    access.user = valueOf(mapping, "user");
    access.delegationToken = valueOf(mapping, "delegation_token");
    return access;
}

StoreRequest requestOf(const Access& access, const std::string& folder) {
    StoreRequest request;
    request.options.location = textOf(access.location);
    request.options.endpoint = textOf(access.endpoint);
    request.options.region = textOf(access.region);
    request.credentials.accessKey = textOf(access.accessKey);
    request.credentials.secretKey = textOf(access.secretKey);
    request.credentials.sessionToken = textOf(access.sessionToken);
    request.credentials.user = textOf(access.user);
    request.credentials.delegationToken = textOf(access.delegationToken);
    request.allowedEndpoints = textOf(module::allowedEndpoints);
    request.folder = folder;
    return request;
}

}  // namespace footfall::archive

extern "C" {
PG_FUNCTION_INFO_V1(footfall_archive_validator);

PGDLLEXPORT Datum footfall_archive_validator(PG_FUNCTION_ARGS) {
    using footfall::archive::Place;
    List* options = untransformRelOptions(PG_GETARG_DATUM(0));
    switch (PG_GETARG_OID(1)) {
        case ForeignServerRelationId:
            footfall::archive::checkPlaces(options, Place::Server, true);
            footfall::archive::checkServerOptions(options);
            break;
        case UserMappingRelationId:
            footfall::archive::checkPlaces(options, Place::Mapping, true);
            break;
        default:
            // The wrapper itself and foreign tables have none.
            footfall::archive::checkPlaces(options, Place::Server, false);
            break;
    }
    PG_RETURN_VOID();
}
}
