// What PostgreSQL offers to those who start processes and share memory with them, for the few files
// that do.
#pragma once

#include "extension/pg/pg.h"

extern "C" {
#include <postmaster/bgworker.h>
#include <storage/dsm.h>
#include <storage/dsm_impl.h>
#include <storage/ipc.h>
#include <storage/latch.h>
#include <storage/pg_shmem.h>
#include <storage/pmsignal.h>
#include <storage/proc.h>
#include <storage/shm_mq.h>
#include <tcop/tcopprot.h>
}
