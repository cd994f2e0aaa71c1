// Where curl's many ways to fail become our few, and where the options stand that keep keys and
// memory safe. curl's own clock is used for connecting only; silence and the total time are
// measured here, by last_byte_ and started_, since only the loop knows whether all that had come
// has been read. The first failure stays: when a limit of ours ends a transfer, what curl then says
// of it is of no interest.
#include "net/internal/curl_transfer.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "net/url.h"

namespace iago {
namespace {

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text,
                             [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// Host and authority of a URL that curl has yet to check; empty where there is none.
bool goes_to_loopback(std::string_view url) {
  auto from = url.find("://");
  if (from == std::string_view::npos) return false;
  std::string_view authority = url.substr(from + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.starts_with('[')) return is_loopback(authority.substr(0, authority.find(']') + 1));
  return is_loopback(authority.substr(0, authority.find(':')));
}

// Whether a handshake failed because the connection went, which may be better the next time, and
// not for what the sides said. Curl tells that in its message alone.
bool is_broken_off(std::string_view message) {
  return message.find("SSL_connect: ") != std::string_view::npos ||
         message.find("unexpected eof") != std::string_view::npos;
}

// If this process can open no more files: how many it may. Curl says no more than that it could not
// connect or resolve, so that is tried.
std::optional<std::string> exhausted_files() {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  if (fd >= 0) {
    ::close(fd);
    return std::nullopt;
  }
  if (errno != EMFILE && errno != ENFILE) return std::nullopt;
  rlimit limit{};
  if (errno == ENFILE || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return "the system can open no more files";
  }
  return fmt::format("all of the {} files that this process may open are in use (ulimit -n)",
                     limit.rlim_cur);
}

HttpFault fault_of(CURLcode result, std::string_view message) {
  switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return HttpFault::invalid;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpFault::unresolved;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_OPERATION_TIMEDOUT:  // curl's own clock is set for connecting only
      return HttpFault::unreachable;
    case CURLE_SSL_CONNECT_ERROR:
      return is_broken_off(message) ? HttpFault::reset : HttpFault::untrusted;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return HttpFault::untrusted;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
      return HttpFault::malformed;
    default:
      return HttpFault::reset;
  }
}

}  // namespace

CurlTransfer::CurlTransfer(std::uint64_t id, HttpRequest request, std::stop_token stop,
                           HttpTransport::OnData on_data, HttpTransport::Done done)
    : id_(id),
      request_(std::move(request)),
      stop_(std::move(stop)),
      on_data_(std::move(on_data)),
      done_(std::move(done)) {}

CurlTransfer::~CurlTransfer() {
  on_stop.reset();
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
}

bool CurlTransfer::prepare(const CurlTransportOptions& options, MakeRoom make_room) {
  make_room_ = std::move(make_room);
  response_.room = std::make_shared<BodyRoom>(options.bodies);
  started_ = last_byte_ = std::chrono::steady_clock::now();
  for (const HttpHeader& header : request_.headers) {
    if (header.name.empty() || has_control_bytes(header.name) || has_control_bytes(header.value) ||
        header.name.find(':') != std::string::npos) {
      // The value may be a key: it is not shown.
      fail(HttpFault::invalid,
           "a header has no name, a colon in it, or a line break or other "
           "control byte");
      return false;
    }
  }
  easy_ = curl_easy_init();
  if (easy_ == nullptr) {
    fail(HttpFault::unreachable, "libcurl gives no handle");
    return false;
  }
  set_options(options);
  set_network_options(options);
  return true;
}

void CurlTransfer::set_options(const CurlTransportOptions& options) {
  max_header_bytes_ = options.max_header_bytes;
  for (const HttpHeader& header : request_.headers) {
    // A header with nothing behind its colon would be left out by curl.
    std::string line = header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    header_list_ = curl_slist_append(header_list_, line.c_str());
  }
  // Waiting for "100 Continue" costs a round trip and a second where it is not known.
  header_list_ = curl_slist_append(header_list_, "Expect:");
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  if (request_.method == "GET") {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
}

void CurlTransfer::set_network_options(const CurlTransportOptions& options) {
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "iago");
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  // A redirect would carry x-api-key to wherever it points.
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Wait for a connection that can carry several requests instead of opening one for each.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request_.timeouts.connect.count()));
  if (goes_to_loopback(request_.url)) {
    curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
  } else if (!options.proxy.empty()) {
    curl_easy_setopt(easy_, CURLOPT_PROXY, options.proxy.c_str());
  }
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  }
}

std::size_t CurlTransfer::on_body(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<CurlTransfer*>(self)->take_body({data, size});
}

std::size_t CurlTransfer::on_header(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<CurlTransfer*>(self)->take_header({data, size});
}

// Less than the size of `data` makes curl end the transfer.
std::size_t CurlTransfer::take_body(std::string_view data) {
  last_byte_ = std::chrono::steady_clock::now();
  if (data.size() > request_.max_response_bytes - body_bytes_) {
    fail(HttpFault::too_large, fmt::format("expected a body of at most {} bytes, found more",
                                           request_.max_response_bytes));
    return CURL_WRITEFUNC_ERROR;
  }
  if (response_.failure) return CURL_WRITEFUNC_ERROR;  // its room was needed for others
  body_bytes_ += data.size();
  std::size_t held = 0;
  if (on_data_ && response_.status >= 200 && response_.status < 300) {
    on_data_(data);
    if (request_.held_bytes) held = request_.held_bytes();
  } else {
    response_.body += data;
    held = response_.body.size();
  }
  if (!room().grow_to(held) && !make_room_(*this, held)) return CURL_WRITEFUNC_ERROR;
  return data.size();
}

void CurlTransfer::give_up_room(std::size_t allowance) {
  fail(
      HttpFault::crowded,
      fmt::format("the responses under way need more than {} MiB together, and this is the largest",
                  allowance >> 20));
  std::string().swap(response_.body);
  room().clear();
}

std::size_t CurlTransfer::take_header(std::string_view line) {
  last_byte_ = std::chrono::steady_clock::now();
  if (line.size() > max_header_bytes_ - header_bytes_) {
    fail(HttpFault::too_large,
         fmt::format("expected a header of at most {} bytes, found more", max_header_bytes_));
    return CURL_WRITEFUNC_ERROR;
  }
  header_bytes_ += line.size();
  if (line.starts_with("HTTP/")) {  // also behind a 1xx
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    response_.headers.clear();
    return line.size();
  }
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  constexpr std::string_view kSpace = " \t\r\n";
  std::string_view value = line.substr(colon + 1);
  auto first = value.find_first_not_of(kSpace);
  value = first == std::string_view::npos
              ? std::string_view()
              : value.substr(first, value.find_last_not_of(kSpace) - first + 1);
  response_.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return line.size();
}

bool CurlTransfer::is_overdue(SteadyTime now) {
  if (now - started_ >= request_.timeouts.total) {
    fail(HttpFault::timeout,
         fmt::format("no whole response in {} s", request_.timeouts.total.count() / 1e3));
    return true;
  }
  if (now - last_byte_ >= request_.timeouts.silence) {
    fail(HttpFault::timeout,
         fmt::format("silence for {} s", request_.timeouts.silence.count() / 1e3));
    return true;
  }
  return false;
}

void CurlTransfer::conclude(CURLcode result) {
  if (result == CURLE_OK || response_.failure) return;
  std::string what = error_[0] != '\0' ? error_ : curl_easy_strerror(result);
  // curl leaves out what the system says, and that tells a closed port from a full queue.
  long system_error = 0;
  if (result == CURLE_COULDNT_CONNECT &&
      curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error) == CURLE_OK && system_error != 0) {
    what += fmt::format(" ({})", std::generic_category().message(static_cast<int>(system_error)));
  }
  const HttpFault fault = fault_of(result, what);
  if (fault == HttpFault::unreachable || fault == HttpFault::unresolved) {
    if (const auto files = exhausted_files()) return fail(HttpFault::no_files, *files);
  }
  fail(fault, what);
}

void CurlTransfer::fail(HttpFault fault, std::string_view what) {
  if (response_.failure) return;
  response_.failure = HttpFailure{
      fault, fmt::format("{} {}: {}", request_.method, url_for_messages(request_.url), what)};
}

void CurlTransfer::deliver() { done_(std::move(response_)); }

}  // namespace iago
