#include "exchange/curl_on_demand.h"

/* The functions themselves are wanted here, not the macros that check calls of them. */
#define CURL_DISABLE_TYPECHECK
#include <assert.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>

#define LIBRARY "libcurl.so.4" /* the ABI since 2006, whatever the TLS library behind it */

/* Like what the system's loader keeps of the libraries that a program is linked with. */
static void *library;

bool curl_on_demand_load(struct error *error)
{
    if (library == NULL) {
        library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    }
    return library != NULL || error_set(error, ERROR_FAILED, "libcurl: %s (install it)", dlerror());
}

static void *find(const char *name)
{
    assert(library != NULL);
    void *function = dlsym(library, name);
    assert(function != NULL);
    return function;
}

/* Defines a function that hands its call on to the library's function of the same name. */
#define HAND_ON(type, name, parameters, arguments)                                                 \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*function) parameters;                                                         \
        if (function == NULL) {                                                                    \
            *(void **)&function = find(#name);                                                     \
        }                                                                                          \
        return function arguments;                                                                 \
    }
#define HAND_ON_VOID(name, parameters, arguments)                                                  \
    void name parameters                                                                           \
    {                                                                                              \
        static void(*function) parameters;                                                         \
        if (function == NULL) {                                                                    \
            *(void **)&function = find(#name);                                                     \
        }                                                                                          \
        function arguments;                                                                        \
    }
/* The same with one argument after a last named one: a long, a pointer or a curl_off_t, each of
 * which is passed like a pointer on the 64-bit systems that posrec is made for. */
#define HAND_ON_OPTION(type, name, handle_type, option_type)                                       \
    type name(handle_type handle, option_type option, ...)                                         \
    {                                                                                              \
        static type (*function)(handle_type, option_type, ...);                                    \
        va_list list;                                                                              \
        va_start(list, option);                                                                    \
        void *argument = va_arg(list, void *);                                                     \
        va_end(list);                                                                              \
        if (function == NULL) {                                                                    \
            *(void **)&function = find(#name);                                                     \
        }                                                                                          \
        return function(handle, option, argument);                                                 \
    }

static_assert(sizeof(long) == sizeof(void *) && sizeof(curl_off_t) == sizeof(void *),
              "an option's argument is passed like a pointer");

HAND_ON(CURLcode, curl_global_init, (long flags), (flags))
HAND_ON_VOID(curl_global_cleanup, (void), ())
HAND_ON(curl_version_info_data *, curl_version_info, (CURLversion version), (version))

HAND_ON(CURL *, curl_easy_init, (void), ())
HAND_ON_VOID(curl_easy_cleanup, (CURL * easy), (easy))
HAND_ON_OPTION(CURLcode, curl_easy_setopt, CURL *, CURLoption)
HAND_ON_OPTION(CURLcode, curl_easy_getinfo, CURL *, CURLINFO)
HAND_ON(const char *, curl_easy_strerror, (CURLcode code), (code))

HAND_ON(CURLM *, curl_multi_init, (void), ())
HAND_ON(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
HAND_ON(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
HAND_ON(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
HAND_ON(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
HAND_ON(CURLMcode, curl_multi_poll,
        (CURLM * multi, struct curl_waitfd *extra, unsigned int extra_count, int timeout_ms,
         int *ready),
        (multi, extra, extra_count, timeout_ms, ready))
HAND_ON(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
HAND_ON(const char *, curl_multi_strerror, (CURLMcode code), (code))

HAND_ON(CURLSH *, curl_share_init, (void), ())
HAND_ON(CURLSHcode, curl_share_cleanup, (CURLSH * share), (share))
HAND_ON_OPTION(CURLSHcode, curl_share_setopt, CURLSH *, CURLSHoption)

HAND_ON(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),
        (list, text))
HAND_ON_VOID(curl_slist_free_all, (struct curl_slist * list), (list))

HAND_ON(CURLU *, curl_url, (void), ())
HAND_ON_VOID(curl_url_cleanup, (CURLU * url), (url))
HAND_ON(CURLUcode, curl_url_get, (CURLU * url, CURLUPart part, char **text, unsigned int flags),
        (url, part, text, flags))
HAND_ON(CURLUcode, curl_url_set,
        (CURLU * url, CURLUPart part, const char *text, unsigned int flags),
        (url, part, text, flags))
HAND_ON_VOID(curl_free, (void *memory), (memory))
