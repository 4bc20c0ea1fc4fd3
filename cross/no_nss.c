/* Nothing of ours asks libc for a name: c-ares does the look-ups. But Asio, c-ares and OpenSSL have functions that could,
 * and with them glibc's name service would be linked, which loads the box's own modules and, with those, the box's libc
 * into our process. These take their place, in every static program; whoever calls one gets a plain failure. */
#include <errno.h>
#include <netdb.h>
#include <stddef.h>

int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints, struct addrinfo** result) {
  (void)host, (void)service, (void)hints;
  *result = NULL;
  return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo* list) { (void)list; }

int getnameinfo(const struct sockaddr* address, socklen_t length, char* host, socklen_t host_length, char* service,
                socklen_t service_length, int flags) {
  (void)address, (void)length, (void)host, (void)host_length, (void)service, (void)service_length, (void)flags;
  return EAI_FAIL;
}

struct hostent* gethostbyname(const char* name) {
  (void)name;
  h_errno = NO_RECOVERY;
  return NULL;
}

struct servent* getservbyname(const char* name, const char* protocol) {
  (void)name, (void)protocol;
  return NULL;
}

int getservbyname_r(const char* name, const char* protocol, struct servent* entry, char* buffer, size_t length,
                    struct servent** result) {
  (void)name, (void)protocol, (void)entry, (void)buffer, (void)length;
  *result = NULL;
  return ENOENT;
}

int getservbyport_r(int port, const char* protocol, struct servent* entry, char* buffer, size_t length,
                    struct servent** result) {
  (void)port, (void)protocol, (void)entry, (void)buffer, (void)length;
  *result = NULL;
  return ENOENT;
}
