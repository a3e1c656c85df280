using System.Net;
using Grpc.Core;
using Grpc.Net.Client;

namespace InferenceServer.LoadGenerator.Rpc;

/// <summary>One HTTP/2 connection that carries one ModelInfer call at a time.</summary>
internal sealed class RpcConnection : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;

    private RpcConnection(GrpcChannel channel)
    {
        _channel = channel;
        _invoker = channel.CreateCallInvoker();
    }

    /// <summary>Prepares the connection; the first exchange opens it.</summary>
    public static RpcConnection Open(IPEndPoint server, TimeSpan timeout)
    {
        // A handler of its own for every channel: a shared one would put all workers on one connection.
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, ConnectTimeout = timeout };
        return new RpcConnection(GrpcChannel.ForAddress($"http://{server}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
        }));
    }

    /// <summary>Calls ModelInfer with a serialised request and gives the serialised response.</summary>
    public async Task<byte[]> ExchangeAsync(byte[] request, CancellationToken cancellation)
    {
        using var call = _invoker.AsyncUnaryCall(RawMethod.Client, null, new CallOptions(cancellationToken: cancellation), request);
        return await call.ResponseAsync;
    }

    public void Dispose() => _channel.Dispose();
}
