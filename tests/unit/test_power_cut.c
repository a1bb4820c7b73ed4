/* A power cut, simulated: a VFS that remembers what each file had before every write that was not
 * synced yet. At a random write it takes back a random part of those and ends the process. What is
 * left must be a sound database that has every poll that was reported as recorded. */
#include "support.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/migrate.h"
#include "store/verify.h"

#define CUTS 150 /* in a long test */
#define CUTS_SAMPLE 40
#define POLLS 60
#define FILES_MAX 16

/* One write that the disk does not have to keep yet. */
struct unsynced {
    struct unsynced *earlier;
    sqlite3_int64 offset;
    sqlite3_int64 size_before; /* of the file */
    int size;
    char before[];
};

struct cut_file {
    sqlite3_file base;
    struct unsynced *unsynced;
    sqlite3_file *real; /* follows in memory */
};

static sqlite3_vfs *real_vfs;
static struct cut_file *open_files[FILES_MAX];
static int writes_left;
static unsigned random_state;

static unsigned next_random(void)
{
    random_state = random_state * 1103515245u + 12345u;
    return random_state >> 8;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct cut_file *)file)->real;
}

static void forget(struct cut_file *file)
{
    while (file->unsynced != NULL) {
        struct unsynced *earlier = file->unsynced->earlier;
        free(file->unsynced);
        file->unsynced = earlier;
    }
}

/* Takes back unsynced writes, the newest first. Which ones a disk loses is not ordered, so each
 * goes or stays by chance; one may also be torn in the middle. */
static void lose_unsynced(struct cut_file *file)
{
    for (struct unsynced *write = file->unsynced; write != NULL; write = write->earlier) {
        int lost =
            next_random() % 2 == 0 ? write->size : (int)(next_random() % 2) * write->size / 2;
        if (lost > 0) {
            file->real->pMethods->xWrite(file->real, write->before, lost, write->offset);
        }
    }
}

static void cut_power(void)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (open_files[i] != NULL) {
            lose_unsynced(open_files[i]);
        }
    }
    _exit(0);
}

static int remember(struct cut_file *file, int size, sqlite3_int64 offset)
{
    struct unsynced *write = malloc(sizeof *write + (size_t)size);
    if (write == NULL) {
        return SQLITE_NOMEM;
    }
    *write = (struct unsynced){.earlier = file->unsynced, .offset = offset, .size = size};
    /* Past the end of the file it reads zeroes, as a disk that lost the data would give. */
    int code = file->real->pMethods->xRead(file->real, write->before, size, offset);
    file->unsynced = write;
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

static int cut_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    int code = remember((struct cut_file *)file, size, offset);
    if (code == SQLITE_OK) {
        code = real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
    }
    if (--writes_left == 0) {
        cut_power();
    }
    return code;
}

static int cut_sync(sqlite3_file *file, int flags)
{
    forget((struct cut_file *)file);
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int cut_close(sqlite3_file *file)
{
    struct cut_file *cut = (struct cut_file *)file;
    for (int i = 0; i < FILES_MAX; i++) {
        if (open_files[i] == cut) {
            open_files[i] = NULL;
        }
    }
    forget(cut);
    return cut->real->pMethods->xClose(cut->real);
}

static int cut_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
}

static int cut_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    /* A truncation is kept at once: losing it would only bring old bytes back. */
    forget((struct cut_file *)file);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int cut_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int cut_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int cut_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int cut_check_lock(sqlite3_file *file, int *locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), locked);
}

static int cut_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int cut_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int cut_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int cut_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **map)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, map);
}

static int cut_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void cut_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int cut_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static const sqlite3_io_methods CUT_METHODS = {
    .iVersion = 2,
    .xClose = cut_close,
    .xRead = cut_read,
    .xWrite = cut_write,
    .xTruncate = cut_truncate,
    .xSync = cut_sync,
    .xFileSize = cut_size,
    .xLock = cut_lock,
    .xUnlock = cut_unlock,
    .xCheckReservedLock = cut_check_lock,
    .xFileControl = cut_control,
    .xSectorSize = cut_sector_size,
    .xDeviceCharacteristics = cut_characteristics,
    .xShmMap = cut_shm_map,
    .xShmLock = cut_shm_lock,
    .xShmBarrier = cut_shm_barrier,
    .xShmUnmap = cut_shm_unmap,
};

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct cut_file *cut = (struct cut_file *)file;
    (void)vfs;
    *cut = (struct cut_file){.real = (sqlite3_file *)(cut + 1)};
    int code = real_vfs->xOpen(real_vfs, name, cut->real, flags, out);
    if (code == SQLITE_OK) {
        cut->base.pMethods = &CUT_METHODS;
        for (int i = 0; i < FILES_MAX; i++) {
            if (open_files[i] == NULL) {
                open_files[i] = cut;
                break;
            }
        }
    }
    return code;
}

/* Makes the cutting VFS the one that databases are opened with. The first cut is at the first write
 * of a new database, the second after all that is recorded, the others at any write. */
static void use_cutting_vfs(unsigned seed, int cut)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "cut";
    vfs.szOsFile = (int)sizeof(struct cut_file) + real_vfs->szOsFile;
    vfs.xOpen = cut_open;
    random_state = seed + (unsigned)cut;
    writes_left = cut == 0 ? 1 : cut == 1 ? INT_MAX : 1 + (int)(next_random() % 900);
    sqlite3_vfs_register(&vfs, 1);
}

/* Records until the power goes, and reports each poll once it is committed. */
static void record_until_cut(const char *path, unsigned seed, int cut, int report)
{
    struct bench bench = {.database = {0}};
    struct error error;
    use_cutting_vfs(seed, cut);
    if (!database_open(path, DATABASE_WRITE, &bench.database, &error) ||
        !migrate_apply(&bench.database, TEST_NOW_MS, NULL, &error)) {
        _exit(1);
    }
    bench.recorder = recorder_new(&bench.database, true, &error);
    int64_t first = bench_integer(&bench, "SELECT coalesce(max(received_ms), 0) FROM capture");
    for (int i = 1; i <= POLLS; i++) {
        char body[4096], members[64];
        snprintf(members, sizeof members, "\"markPrice\":\"%d\",\"leverage\":%d", i, i / 7 + 1);
        snprintf(body, sizeof body, "[%s]", element(members));
        bench_record(&bench, first + i, body);
        if (write(report, &bench.recorded.capture_id, sizeof bench.recorded.capture_id) < 0) {
            _exit(1);
        }
        if (i % 20 == 0) {
            database_checkpoint(&bench.database);
        }
    }
    cut_power();
}

static void assert_sound_with(const char *path, int64_t reported)
{
    struct database database;
    struct error error = {0};
    struct verify_report report;
    const struct verify_settings settings = {.from_capture_id = 1};
    if (!database_open(path, DATABASE_WRITE, &database, &error)) {
        fail_msg("%s", error.text);
    }
    int64_t version;
    assert_true(migrate_version(&database, &version, &error));
    if (version == 0) { /* the power went before the schema was there */
        assert_int_equal(reported, 0);
    } else {
        if (!migrate_apply(&database, TEST_NOW_MS, NULL, &error) ||
            !verify_database(&database, &settings, &report, &error)) {
            fail_msg("%s", error.text);
        }
        if (report.kind != VERIFY_SOUND) {
            fail_msg("%s: %s", verify_kind_name(report.kind), report.what);
        }
        assert_true(report.last_capture_id >= reported);
    }
    database_close(&database);
}

static void after_a_power_cut_nothing_reported_is_missing(void **state)
{
    char folder[] = "/tmp/posrec-cut.XXXXXX", path[64], command[96];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/posrec.db", folder);
    int64_t reported = 0;
    unsigned seed = test_seed();
    int cuts = test_is_long() ? CUTS : CUTS_SAMPLE / (int)test_step();
    for (int cut = 0; cut < cuts; cut++) {
        int report[2], status;
        int64_t capture_id;
        assert_int_equal(pipe(report), 0);
        pid_t child = fork();
        if (child == 0) {
            close(report[0]);
            record_until_cut(path, seed, cut, report[1]);
        }
        close(report[1]);
        while (read(report[0], &capture_id, sizeof capture_id) == (ssize_t)sizeof capture_id) {
            reported = capture_id;
        }
        close(report[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_sound_with(path, reported);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_power_cut_nothing_reported_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
