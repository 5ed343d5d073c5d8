/* Lets the file-system calls of one process fail, or the process die, at a chosen one: loaded before the C library
 * (LD_PRELOAD), so that the calls that DuckDB makes itself count too. Only calls about files below one folder count.
 *
 * faults_arm(folder, at, error): from now on count; the call number AT fails with errno ERROR, or, where ERROR is 0,
 * the process is killed instead of making it. AT 0 only counts. faults_count(): calls counted since then.
 *
 * Besides, every look into the file that the variable FAULTS_UNREADABLE names fails with EIO, as on a disk that is
 * going bad: its name, size and times are there still.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static volatile long at, calls;
static volatile int error, armed;

void faults_arm(const char *below, long number, int code) {
    strncpy(folder, below, sizeof folder - 1);
    at = number, error = code, calls = 0, armed = 1;
}
long faults_count(void) { return calls; }

static int is_below(const char *path) {
    return path && strncmp(path, folder, strlen(folder)) == 0;
}
static int is_open_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}
static int is_unreadable(int fd) {
    const char *bad = getenv("FAULTS_UNREADABLE");
    char link[64], path[PATH_MAX];
    if (!bad) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strcmp(path, bad) == 0;
}
/* Whether this call is to fail. */
static int fails(int counts) {
    if (!armed || !counts || __sync_add_and_fetch(&calls, 1) != at) return 0;
    if (error == 0) kill(getpid(), SIGKILL);
    errno = error;
    return 1;
}
#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* A name is counted where it is made, changed or opened; asking about it (stat, access) is not. */
#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return fails(is_below(path)) ? -1 : real(path, flags, mode); }
#define OPENING_AT(name) \
    int name(int place, const char *path, int flags, ...) { \
        REAL(name); va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return fails(is_below(path)) ? -1 : real(place, path, flags, mode); }
OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

#define CALL(result, name, types, values, counts) \
    result name types { REAL(name); return fails(counts) ? (result)-1 : real values; }
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), is_below(path))
CALL(int, rmdir, (const char *path), (path), is_below(path))
CALL(int, unlink, (const char *path), (path), is_below(path))
CALL(int, unlinkat, (int place, const char *path, int flags), (place, path, flags), is_below(path) || is_open_below(place))
CALL(int, rename, (const char *from, const char *to), (from, to), is_below(to))
CALL(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), is_below(to))
CALL(int, symlink, (const char *target, const char *path), (target, path), is_below(path))
CALL(int, symlinkat, (const char *target, int place, const char *path), (target, place, path), is_below(path))
CALL(int, fsync, (int fd), (fd), is_open_below(fd))
CALL(int, fdatasync, (int fd), (fd), is_open_below(fd))
CALL(int, ftruncate, (int fd, off_t size), (fd, size), is_open_below(fd))
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size), is_open_below(fd))
CALL(int, futimens, (int fd, const struct timespec t[2]), (fd, t), is_open_below(fd))
CALL(int, utimensat, (int place, const char *path, const struct timespec t[2], int flags), (place, path, t, flags), is_below(path))
CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), is_open_below(fd))
CALL(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t offset), (fd, data, size, offset), is_open_below(fd))
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t offset), (fd, data, size, offset), is_open_below(fd))
ssize_t read(int fd, void *data, size_t size) {
    REAL(read);
    if (is_unreadable(fd)) { errno = EIO; return -1; }
    return fails(is_open_below(fd)) ? -1 : real(fd, data, size);
}
CALL(ssize_t, pread, (int fd, void *data, size_t size, off_t offset), (fd, data, size, offset), is_open_below(fd))
CALL(ssize_t, pread64, (int fd, void *data, size_t size, off64_t offset), (fd, data, size, offset), is_open_below(fd))
CALL(ssize_t, copy_file_range, (int in, off64_t *a, int out, off64_t *b, size_t size, unsigned flags), (in, a, out, b, size, flags), is_open_below(out))
ssize_t sendfile(int out, int in, off_t *offset, size_t size) {
    static ssize_t (*real)(int, int, off_t *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "sendfile");
    return fails(is_open_below(out)) ? -1 : real(out, in, offset, size);
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t size) {
    static ssize_t (*real)(int, int, off64_t *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "sendfile64");
    return fails(is_open_below(out)) ? -1 : real(out, in, offset, size);
}
