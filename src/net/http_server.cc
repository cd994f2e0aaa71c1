// Each connection is one coroutine (`serve`): wait for bytes, read a request, hand it out, send the
// answer, again. Everything of a connection runs on its strand, so its members need no lock, and
// with several threads two connections run side by side but never one with itself. Other threads
// (the handler with its answer, `stop`) reach it by a post to the strand. The one thing
// shared with the handler is the HttpExchange. It has a lock of its own and knows the connection
// only by a callback, which `detach` removes: later answers of the handler are dropped.
//
// While an answer is made, a second coroutine (`watch`) keeps reading. Otherwise nothing would
// notice that the client has left. It reads into the same buffer, so the first must not read
// meanwhile: `answer` returns only when the watch has ended. `wake_` is the one place where the
// first coroutine sleeps; code that changes what it waits for cancels that timer.
//
// Ending. `stop` closes the acceptor, then connections that are idle, waits for the others, then
// closes them too. A closed socket makes every pending operation return an error, so each coroutine
// ends by its ordinary way out and takes itself from `open`. Only when `open` is empty are the
// threads joined: a coroutine must not outlive the context that runs it. A connection that comes
// meanwhile is dropped in `admit`, which looks at `stopping` under the lock that guards `open`.
#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/ascii.h"
#include "base/error.h"
#include "net/internal/http_exchange.h"
#include "net/internal/request_head.h"

namespace iago {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

// Operations give their error back as a value: here a client that goes is an ordinary event.
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kMaxAheadBytes = std::size_t{64} << 10;   // read before an answer is sent
constexpr std::size_t kMaxLingerBytes = std::size_t{64} << 20;  // read and dropped after a refusal
constexpr milliseconds kLinger{2000};
constexpr std::size_t kMaxRefusals = 64;  // connections beyond the limit that are told so
constexpr milliseconds kAcceptPause{50};  // after running out of file descriptors

ServedRequest read_request(http::request<http::string_body>&& message) {
  ServedRequest request{.method = std::string(message.method_string()),
                        .target = std::string(message.target()),
                        .headers = {},
                        .body = {}};
  for (const auto& field : message) {
    request.headers.emplace_back(field.name_string(), field.value());
  }
  request.body = std::move(message.body());
  return request;
}

template <typename Message>
void set_fields(Message& message, const HttpFields& headers) {
  message.set(http::field::server, "iago");
  for (const auto& [name, value] : headers) message.set(name, value);
}

// Nothing for a client that went or was too slow: nobody is left to be told.
std::optional<Refusal> refusal_of(const error_code& error, const HttpServerOptions& options) {
  if (error == http::error::header_limit) {
    return Refusal{431, fmt::format("request line and headers hold at most {} bytes",
                                    options.max_header_bytes)};
  }
  if (error == http::error::body_limit) {
    return Refusal{413, fmt::format("a body holds at most {} bytes", options.max_body_bytes)};
  }
  const bool not_http = error.category() == make_error_code(http::error::bad_method).category() &&
                        error != http::error::end_of_stream &&
                        error != http::error::partial_message;
  if (not_http) return Refusal{400, "not an HTTP/1.1 request: " + error.message()};
  return std::nullopt;
}

}  // namespace

std::string_view ServedRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view ServedRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_letters(key, name)) return value;
  }
  return {};
}

// One connection. All of its code runs on its strand. (No co_await stands inside && or a condition,
// nor in one expression with temporaries that have destructors: g++ 12 traps on the first and
// destroys the second twice.)
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const HttpServerOptions& options,
             const HttpServer::Handler& handler, const std::atomic<bool>& stopping)
      : stream_(std::move(socket)),
        wake_(stream_.get_executor()),
        options_(options),
        handler_(handler),
        stopping_(stopping) {}

  auto executor() { return stream_.get_executor(); }

  asio::awaitable<void> serve() {
    bool open = true;
    while (open && !stopping_) {
      open = co_await wait_for_bytes();
      if (!open) break;
      open = co_await serve_request();
    }
    close();
  }

  asio::awaitable<void> turn_away() {
    Refusal refusal{503, "too many connections"};
    co_await refuse(refusal);
    close();
  }

  // On the strand, as is cut_off: no request is taken any more. One that is being read has not
  // reached the handler yet, so it is cut off too; one that is being answered goes on.
  void drain() {
    if (!answering_) close();
  }
  void cut_off() { close(); }

 private:
  void close() {
    error_code ignored;
    stream_.socket().close(ignored);
    if (exchange_) exchange_->lose();
    wake_.cancel();
  }

  asio::awaitable<bool> wait_for_bytes() {
    if (ended_) co_return false;
    if (buffer_.size() > 0) co_return true;
    stream_.expires_after(options_.idle_timeout);
    auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    buffer_.commit(count);
    co_return !error;
  }

  // False: the connection ends.
  asio::awaitable<bool> serve_request() {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    const ReadFault fault = co_await read(parser);
    if (fault.error || fault.refusal) {
      const auto refusal = fault.refusal ? fault.refusal : refusal_of(fault.error, options_);
      if (refusal) co_await refuse(*refusal);
      co_return false;
    }
    auto message = parser.release();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    bodiless_ = message.method() == http::verb::head;
    ServedRequest request = read_request(std::move(message));
    const bool answered = co_await answer(request);
    co_return answered&& keep_alive_;
  }

  // Why a request was not read: the parser or the connection failed, or the head is refused.
  struct ReadFault {
    error_code error;
    std::optional<Refusal> refusal;
  };

  // Feeds the parser by hand, since its own reading keeps nothing of the bytes that it took: they
  // are held to more than the parser knows (request_head.h).
  asio::awaitable<error_code> read_head(http::request_parser<http::string_body>& parser,
                                        std::string& head) {
    error_code error;
    while (!parser.is_header_done()) {
      const std::size_t taken = buffer_.size() > 0 ? parser.put(buffer_.data(), error) : 0;
      head.append(static_cast<const char*>(buffer_.data().data()), taken);
      buffer_.consume(taken);
      if (error && error != http::error::need_more) co_return error;
      if (!error && taken > 0) continue;  // it may have stopped between two parts of the head
      auto [reading, count] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
      buffer_.commit(count);
      if (reading) co_return reading;
    }
    co_return error_code();
  }

  asio::awaitable<ReadFault> read(http::request_parser<http::string_body>& parser) {
    ReadFault fault;
    std::string head;
    stream_.expires_after(options_.header_timeout);
    fault.error = co_await read_head(parser, head);
    if (!fault.error) fault.refusal = fault_of_head(head);
    if (fault.error || fault.refusal) co_return fault;
    stream_.expires_after(options_.body_timeout);
    if (same_letters(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      auto [sending, __] = co_await http::async_write(stream_, go_on, kAwait);
      fault.error = sending;
      if (sending) co_return fault;
    }
    auto [reading, ___] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    fault.error = reading;
    co_return fault;
  }

  asio::awaitable<bool> answer(ServedRequest& request) {
    auto self = shared_from_this();
    exchange_ = std::make_shared<HttpExchange>(options_.max_backlog_bytes, [self] {
      asio::post(self->executor(), [self] {
        if (self->exchange_ && self->exchange_->overrun()) self->close();
        self->wake_.cancel();
      });
    });
    answering_ = watching_ = true;
    answered_ = false;
    stream_.expires_never();
    asio::co_spawn(executor(), watch(self), [self](std::exception_ptr) {
      self->watching_ = false;
      self->wake_.cancel();
    });
    handler_(std::move(request), make_answer(exchange_));
    const bool sent = co_await send();
    if (sent) {
      exchange_->detach();
    } else {
      close();
    }
    // The watch must be over before anyone else reads into buffer_.
    answered_ = true;
    stream_.cancel();
    while (watching_) co_await sleep();
    exchange_.reset();
    answering_ = false;
    co_return sent;
  }

  // Keeps reading while the answer is made, to notice a client that leaves. Bytes that arrive are
  // the beginning of its next request.
  static asio::awaitable<void> watch(std::shared_ptr<Connection> self) {
    while (!self->answered_ && self->buffer_.size() < kMaxAheadBytes) {
      auto [error, count] =
          co_await self->stream_.async_read_some(self->buffer_.prepare(kReadBytes), kAwait);
      self->buffer_.commit(count);
      // Asio tells of a connection's end only once: who reads on would wait for ever.
      self->ended_ = error && error != asio::error::operation_aborted;
      if (self->ended_ && !self->answered_) self->close();
      if (error) co_return;
    }
  }

  // Until something happens. A wake-up between two looks cannot be lost: all is on one strand.
  asio::awaitable<void> sleep() {
    wake_.expires_at(asio::steady_timer::time_point::max());
    co_await wake_.async_wait(kAwait);
  }

  // True once the whole answer has been sent.
  asio::awaitable<bool> send() {
    while (stream_.socket().is_open()) {
      HttpExchange::Piece piece = exchange_->take();
      if (piece.empty()) {
        co_await sleep();
        continue;
      }
      stream_.expires_after(options_.write_timeout);
      bool sent = true;
      if (piece.head && piece.head->whole) {
        sent = co_await send_whole(piece);
        co_return sent;
      }
      if (piece.head) sent = co_await send_head(*piece.head);
      if (sent && !piece.bytes.empty()) sent = co_await send_chunk(piece.bytes);
      if (!sent || piece.broken) co_return false;
      if (piece.ended) {
        sent = co_await send_end();
        co_return sent;
      }
    }
    co_return false;
  }

  asio::awaitable<bool> send_whole(HttpExchange::Piece& piece) {
    http::response<http::string_body> response;
    response.version(version_);
    response.result(static_cast<unsigned>(piece.head->status));
    set_fields(response, piece.head->headers);
    response.keep_alive(keep_alive_ = keep_alive_ && !stopping_);
    if (!bodiless_) response.body() = std::move(piece.bytes);
    response.prepare_payload();
    auto [error, _] = co_await http::async_write(stream_, response, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> send_head(const HttpExchange::Head& head) {
    http::response<http::empty_body> response;
    response.version(version_);
    response.result(static_cast<unsigned>(head.status));
    set_fields(response, head.headers);
    chunked_ = version_ >= 11;
    keep_alive_ = keep_alive_ && chunked_ && !stopping_;
    response.keep_alive(keep_alive_);
    response.chunked(chunked_);
    http::response_serializer<http::empty_body> serializer(response);
    auto [error, _] = co_await http::async_write_header(stream_, serializer, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> send_chunk(const std::string& bytes) {
    if (bodiless_) co_return true;
    if (!chunked_) {
      auto [error, _] = co_await asio::async_write(stream_, asio::buffer(bytes), kAwait);
      co_return !error;
    }
    const auto chunk = http::make_chunk(asio::buffer(bytes));
    auto [error, _] = co_await asio::async_write(stream_, chunk, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> send_end() {
    if (!chunked_ || bodiless_) co_return true;
    const auto last = http::make_chunk_last();
    auto [error, _] = co_await asio::async_write(stream_, last, kAwait);
    co_return !error;
  }

  // Says why, then reads on for a while: closing with unread bytes would reset the connection and
  // the client might never see the answer.
  asio::awaitable<void> refuse(const Refusal& refusal) {
    http::response<http::string_body> response;
    response.result(static_cast<unsigned>(refusal.status));
    set_fields(response, {{"content-type", "application/json"}});
    if (refusal.status == 503) response.set(http::field::retry_after, "1");
    response.keep_alive(false);
    response.body() = fmt::format(
        R"({{"error":{{"message":"{}","type":"{}","param":null,"code":null}}}})", refusal.text,
        refusal.status == 503 ? "overloaded_error" : "invalid_request_error");
    response.prepare_payload();
    stream_.expires_after(kLinger);
    auto [error, _] = co_await http::async_write(stream_, response, kAwait);
    error_code status = error;
    if (!status) stream_.socket().shutdown(tcp::socket::shutdown_send, status);
    stream_.expires_after(kLinger);
    std::string dropped(std::size_t{64} << 10, '\0');
    for (std::size_t total = 0; !status && total < kMaxLingerBytes;) {
      auto [reading, count] = co_await stream_.async_read_some(asio::buffer(dropped), kAwait);
      status = reading;
      total += count;
    }
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;  // read and not yet parsed
  asio::steady_timer wake_;
  const HttpServerOptions& options_;
  const HttpServer::Handler& handler_;
  const std::atomic<bool>& stopping_;
  std::shared_ptr<HttpExchange> exchange_;  // while answering
  bool answering_ = false, answered_ = false, watching_ = false;
  bool ended_ = false;  // the client has closed its side
  bool keep_alive_ = false, chunked_ = false, bodiless_ = false;
  unsigned version_ = 11;
};

namespace {

HttpServerOptions checked(HttpServerOptions options) {
  auto check = [](std::string_view name, auto value, auto lowest, auto highest) {
    if (value >= lowest && value <= highest) return;
    throw Error(ErrorCode::invalid, fmt::format("the server's {} must lie in [{}, {}], found {}",
                                                name, lowest, highest, value));
  };
  constexpr std::size_t kGiB = std::size_t{1} << 30;
  check("threads", options.threads, std::size_t{1}, std::size_t{64});
  check("max_connections", options.max_connections, std::size_t{1}, std::size_t{1'000'000});
  check("max_header_bytes", options.max_header_bytes, std::size_t{256}, std::size_t{1} << 20);
  check("max_body_bytes", options.max_body_bytes, std::size_t{1}, kGiB);
  check("max_backlog_bytes", options.max_backlog_bytes, std::size_t{1024}, kGiB);
  for (auto [name, time] : {std::pair("idle_timeout", options.idle_timeout),
                            std::pair("header_timeout", options.header_timeout),
                            std::pair("body_timeout", options.body_timeout),
                            std::pair("write_timeout", options.write_timeout)}) {
    check(fmt::format("{} (ms)", name), time.count(), std::int64_t{1}, std::int64_t{86'400'000});
  }
  if (options.host == "localhost") options.host = "127.0.0.1";
  return options;
}

tcp::endpoint endpoint_of(const HttpServerOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (error) {
    throw Error(ErrorCode::invalid, fmt::format("\"{}\" is not an IP address", options.host),
                "use 127.0.0.1, ::1, 0.0.0.0 or another address of this machine");
  }
  return {address, options.port};
}

}  // namespace

struct HttpServer::Impl {
  Impl(const HttpServerOptions& chosen, Handler with)
      : options(checked(chosen)), handler(std::move(with)), acceptor(asio::make_strand(context)) {
    const tcp::endpoint endpoint = endpoint_of(options);
    try {
      acceptor.open(endpoint.protocol());
      acceptor.set_option(asio::socket_base::reuse_address(true));
      acceptor.bind(endpoint);
      acceptor.listen();
      options.port = acceptor.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("cannot listen on {} port {}: {}", options.host, endpoint.port(),
                              error.code().message()),
                  "choose another --port, or 0 for any free one");
    }
    asio::co_spawn(acceptor.get_executor(), accept(), [](std::exception_ptr) {});
    for (std::size_t i = 0; i < options.threads; ++i) {
      threads.emplace_back([this] { context.run(); });
    }
  }

  asio::awaitable<void> accept() {
    while (!stopping) {
      auto [error, socket] = co_await acceptor.async_accept(asio::make_strand(context), kAwait);
      if (!acceptor.is_open()) co_return;
      if (!error) {
        admit(std::move(socket));
        continue;
      }
      asio::steady_timer pause(acceptor.get_executor(), kAcceptPause);
      co_await pause.async_wait(kAwait);
    }
  }

  void admit(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    auto connection = std::make_shared<Connection>(std::move(socket), options, handler, stopping);
    bool turned_away = false;
    {
      std::lock_guard lock(mutex);
      turned_away = open.size() >= options.max_connections;
      if (stopping || open.size() >= options.max_connections + kMaxRefusals) return;
      open.insert(connection);
    }
    asio::co_spawn(connection->executor(),
                   turned_away ? connection->turn_away() : connection->serve(),
                   [this, connection](std::exception_ptr) { forget(connection); });
  }

  void forget(const std::shared_ptr<Connection>& connection) {
    std::lock_guard lock(mutex);
    open.erase(connection);
    changed.notify_all();
  }

  // Runs `act` on every connection's own strand.
  void for_each_connection(void (Connection::*act)()) {
    std::lock_guard lock(mutex);
    for (const auto& connection : open) {
      asio::post(connection->executor(), [connection, act] { (connection.get()->*act)(); });
    }
  }

  void stop(milliseconds grace, std::stop_token at_once) {
    if (threads.empty()) return;
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    asio::post(acceptor.get_executor(), [this] {
      error_code ignored;
      acceptor.close(ignored);
    });
    for_each_connection(&Connection::drain);
    {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, at_once, grace, [this] { return open.empty(); });
    }
    for_each_connection(&Connection::cut_off);
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return open.empty(); });
    }
    work.reset();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  HttpServerOptions options;
  Handler handler;
  // Set under mutex, read without: `admit` alone must not miss it.
  std::atomic<bool> stopping = false;
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  asio::io_context context;
  // Without it the threads would end whenever no operation is pending.
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  tcp::acceptor acceptor;
  std::set<std::shared_ptr<Connection>> open;  // guarded by mutex
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(const HttpServerOptions& options, Handler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}

HttpServer::~HttpServer() { impl_->stop(milliseconds(0), {}); }

const std::string& HttpServer::host() const { return impl_->options.host; }
std::uint16_t HttpServer::port() const { return impl_->options.port; }

std::size_t HttpServer::connections() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->open.size();
}

void HttpServer::stop(milliseconds grace, std::stop_token at_once) {
  impl_->stop(grace, std::move(at_once));
}

}  // namespace iago
