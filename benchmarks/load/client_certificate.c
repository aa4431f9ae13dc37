/* wrk cannot show a client certificate. Preloaded into it, this gives every TLS context that it makes
 * the certificate and key of the environment:
 *
 *     LOAD_CERTIFICATE, LOAD_KEY   files, PEM
 *
 * All peers are spoken to with one cipher suite, and no session is ever resumed, so that the workload
 * with a handshake per request makes full ones. The types of OpenSSL are only passed on, so that its
 * headers need not be installed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct ssl_st SSL;

extern int SSL_CTX_use_certificate_chain_file(SSL_CTX *, const char *);
extern int SSL_CTX_use_PrivateKey_file(SSL_CTX *, const char *, int);
extern int SSL_CTX_set_ciphersuites(SSL_CTX *, const char *);
extern int SSL_set_session(SSL *, void *);

enum { PEM = 1 };

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    SSL_CTX *(*next)(const SSL_METHOD *) = dlsym(RTLD_NEXT, "SSL_CTX_new");
    const char *certificate = getenv("LOAD_CERTIFICATE"), *key = getenv("LOAD_KEY");
    SSL_CTX *context = next ? next(method) : NULL;

    if (!context || !certificate || !key
        || SSL_CTX_use_certificate_chain_file(context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(context, key, PEM) != 1
        || SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384") != 1) {
        fputs("client_certificate: LOAD_CERTIFICATE and LOAD_KEY cannot be used\n", stderr);
        exit(1);
    }
    return context;
}

/* wrk calls this before it connects again. */
int SSL_clear(SSL *ssl)
{
    int (*next)(SSL *) = dlsym(RTLD_NEXT, "SSL_clear");

    SSL_set_session(ssl, NULL);
    return next(ssl);
}
