using Grpc.Core;
using Grpc.Net.Client;
using InferenceServer.Bench.Addresses;

namespace InferenceServer.Bench.Rpc;

/// <summary>One HTTP/2 connection of its own.</summary>
internal sealed class RpcChannel : IDisposable
{
    private const int MaxMessageBytes = 512 * 1024 * 1024;

    private readonly GrpcChannel _channel;

    /// <summary>Prepares the connection; the first call opens it.</summary>
    public RpcChannel(ServerAddress server, ConnectionSettings settings)
    {
        // A handler of its own for every channel: a shared one would put all workers on one connection.
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, ConnectTimeout = settings.Timeout };
        if (server.IsTls)
        {
            handler.SslOptions = settings.Trust.Options(server.Host);
        }

        _channel = GrpcChannel.ForAddress(server.Url, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = null,
        });
        Invoker = _channel.CreateCallInvoker();
        if (settings.Headers.Count > 0)
        {
            Headers = [];
            foreach (var (name, value) in settings.Headers)
            {
                Headers.Add(name, value);
            }
        }
    }

    public CallInvoker Invoker { get; }

    /// <summary>What every call carries; null for nothing.</summary>
    public Metadata? Headers { get; }

    public void Dispose() => _channel.Dispose();
}
