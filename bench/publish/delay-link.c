/*
 * A network link with a fixed delay, for kernels without netem: two network namespaces, a TUN device in each
 * (https://docs.kernel.org/networking/tuntap.html), and this program between them, which hands every packet over
 * DELAY microseconds after it took it. What crosses it are IP packets, so handshakes, slow start and FINs all see
 * the round trip. No rate limit and no loss.
 *
 * Usage: delay-link DELAY CONTROL_PORT [TRACE]
 * The client's end is 10.77.0.1, the server's 10.77.0.2. Prints "ready CLIENT SERVER CONGESTION": the numbers of its own
 * file descriptors that hold the namespaces, to be entered with nsenter --net=/proc/PID/fd/N, and TCP's algorithm. For each line on standard input
 * it prints what crossed since the last one, as JSON. Ends, and takes the namespaces along, when standard input ends.
 * Into the file TRACE go all lines of control connections and the beginnings and ends of data connections, each with
 * its time in ms at the client's end, and the client's port.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The MTU of Ethernet. */
#define MTU 1500
/* Packets on the way in one direction; beyond that they wait in the device. 10 ms at 1 Gbit/s are 830. */
#define SLOTS 16384
/* Packets that wait in a device before the kernel drops some, as a driver's txqueuelen. */
#define DEVICE_QUEUE 10000

struct packet {
  int64_t due;
  int length;
  unsigned char bytes[MTU];
};

struct direction {
  int from, to;
  uint32_t head, tail;
  struct packet *slots;
};

static struct {
  long control, control_peak, control_open, data, commands, packets;
  long long bytes_up, bytes_down;
} counts;
/* Client ports with an open control connection. */
static unsigned char is_open[65536];
static int control_port;
static const char *congestion;
static FILE *trace;
static int64_t one_way;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void bring_up(int sock, struct ifreq *request) {
  if (ioctl(sock, SIOCGIFFLAGS, request) < 0) fail("SIOCGIFFLAGS");
  request->ifr_flags |= IFF_UP | IFF_RUNNING;
  if (ioctl(sock, SIOCSIFFLAGS, request) < 0) fail("SIOCSIFFLAGS");
}

static void set_address(int sock, struct ifreq *request, unsigned long what, const char *address) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  inet_pton(AF_INET, address, &in.sin_addr);
  memcpy(&request->ifr_addr, &in, sizeof in);
  if (ioctl(sock, what, request) < 0) fail(address);
}

/* Moves into a new namespace and makes its device. */
static int open_end(const char *address) {
  if (unshare(CLONE_NEWNET) < 0) fail("unshare");
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) fail("/dev/net/tun");
  struct ifreq link = {.ifr_name = "link0"};
  link.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &link) < 0) fail("TUNSETIFF");

  int sock = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo"};
  bring_up(sock, &request);
  strcpy(request.ifr_name, "link0");
  set_address(sock, &request, SIOCSIFADDR, address);
  set_address(sock, &request, SIOCSIFNETMASK, "255.255.255.0");
  request.ifr_mtu = MTU;
  if (ioctl(sock, SIOCSIFMTU, &request) < 0) fail("SIOCSIFMTU");
  request.ifr_qlen = DEVICE_QUEUE;
  if (ioctl(sock, SIOCSIFTXQLEN, &request) < 0) fail("SIOCSIFTXQLEN");
  bring_up(sock, &request);
  close(sock);

  /* Linux's default for TCP, whatever this machine was set to; where a namespace may not choose it, the classic. */
  int setting = open("/proc/sys/net/ipv4/tcp_congestion_control", O_WRONLY | O_CLOEXEC);
  if (setting < 0) fail("tcp_congestion_control");
  congestion = "cubic";
  if (write(setting, "cubic", 5) != 5) {
    congestion = "reno";
    if (write(setting, "reno", 4) != 4) fail("tcp_congestion_control");
  }
  close(setting);
  return tun;
}

static void close_control(int port) {
  if (is_open[port]) counts.control_open--;
  is_open[port] = 0;
}

/* The client sends at the time it is taken, and hears what the server says when it is given. */
static void note(int port, int is_up, const char *text, int length) {
  if (!trace) return;
  for (int start = 0, at = 0; at <= length; at++) {
    if (at < length && text[at] != '\r' && text[at] != '\n') continue;
    double ms = (now() + (is_up ? 0 : one_way)) / 1e6;
    if (at > start) fprintf(trace, "%.1f %d %c %.*s\n", ms, port, is_up ? '>' : '<', at - start, text + start);
    start = at + 1;
  }
}

/* Counts connections and, where the control connection is not encrypted, commands: lines from the client. */
static void count(const unsigned char *bytes, int length, int is_up) {
  counts.packets++;
  if (is_up) counts.bytes_up += length;
  else counts.bytes_down += length;
  int header = (bytes[0] & 15) * 4;
  if (length < header + 20 || bytes[0] >> 4 != 4 || bytes[9] != IPPROTO_TCP) return;
  const unsigned char *tcp = bytes + header;
  int source = tcp[0] << 8 | tcp[1], target = tcp[2] << 8 | tcp[3], flags = tcp[13];
  if ((is_up ? target : source) != control_port) {
    /* A SYN without ACK, from either side: active mode too. */
    if ((flags & 0x12) == 0x02) {
      counts.data++;
      note(is_up ? source : target, is_up, "data SYN", 8);
    } else if (flags & 0x05) note(is_up ? source : target, is_up, flags & 4 ? "data RST" : "data FIN", 8);
    return;
  }
  int body = header + (tcp[12] >> 4) * 4;
  note(is_up ? source : target, is_up, (const char *)bytes + body, length - body);
  if (!is_up) {
    if (flags & 0x05) close_control(target);
    return;
  }
  if ((flags & 0x12) == 0x02 && !is_open[source]) {
    is_open[source] = 1;
    counts.control++;
    if (++counts.control_open > counts.control_peak) counts.control_peak = counts.control_open;
  }
  if (flags & 0x05) close_control(source);
  for (int at = body; at + 1 < length; at++)
    if (bytes[at] == '\r' && bytes[at + 1] == '\n') counts.commands++;
}

static void take(struct direction *d, int64_t delay, int is_up) {
  while (d->tail - d->head < SLOTS) {
    struct packet *p = &d->slots[d->tail % SLOTS];
    p->length = read(d->from, p->bytes, MTU);
    if (p->length <= 0) return;
    p->due = now() + delay;
    count(p->bytes, p->length, is_up);
    d->tail++;
  }
}

/* Hands over what is due. Returns when the next is, or 0 when none is on the way. */
static int64_t give(struct direction *d) {
  while (d->head != d->tail) {
    struct packet *p = &d->slots[d->head % SLOTS];
    if (p->due > now()) return p->due;
    if (write(d->to, p->bytes, p->length) < 0 && errno == EAGAIN) return p->due;
    d->head++;
  }
  return 0;
}

static void report(void) {
  printf("{\"control\":%ld,\"controlPeak\":%ld,\"data\":%ld,\"commands\":%ld,\"packets\":%ld,\"bytesUp\":%lld,"
         "\"bytesDown\":%lld}\n",
         counts.control, counts.control_peak, counts.data, counts.commands, counts.packets, counts.bytes_up,
         counts.bytes_down);
  long still_open = counts.control_open;
  memset(&counts, 0, sizeof counts);
  counts.control_open = counts.control_peak = still_open;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: delay-link MICROSECONDS CONTROL_PORT [TRACE]\n");
    return 2;
  }
  int64_t delay = one_way = atoll(argv[1]) * 1000;
  if (argc > 3 && !(trace = fopen(argv[3], "w"))) fail(argv[3]);
  control_port = atoi(argv[2]);
  /* Wakes at the very time asked for, not up to 50 µs later. */
  prctl(PR_SET_TIMERSLACK, 1);
  setvbuf(stdout, NULL, _IOLBF, 0);

  int client = open_end("10.77.0.1");
  int client_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  int server = open_end("10.77.0.2");
  int server_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  struct direction up = {.from = client, .to = server}, down = {.from = server, .to = client};
  up.slots = malloc(SLOTS * sizeof(struct packet));
  down.slots = malloc(SLOTS * sizeof(struct packet));
  if (!up.slots || !down.slots) fail("malloc");
  printf("ready %d %d %s\n", client_net, server_net, congestion);

  for (;;) {
    int64_t a = give(&up), b = give(&down), next = a && (!b || a < b) ? a : b;
    int64_t wait = next ? next - now() : 0;
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    struct pollfd polled[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = client, .events = up.tail - up.head < SLOTS ? POLLIN : 0},
        {.fd = server, .events = down.tail - down.head < SLOTS ? POLLIN : 0},
    };
    if (ppoll(polled, 3, next ? &timeout : NULL, NULL) < 0 && errno != EINTR) fail("ppoll");
    take(&up, delay, 1);
    take(&down, delay, 0);
    if (polled[0].revents) {
      char line[64];
      if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
      if (trace) fprintf(trace, "%10.1f     - asked\n", now() / 1e6), fflush(trace);
      report();
    }
  }
}
