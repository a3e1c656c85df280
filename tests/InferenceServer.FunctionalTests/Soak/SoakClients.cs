using System.Net;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>The clients of one round, whose connections end with it.</summary>
internal sealed class SoakClients : IDisposable
{
    /// <summary>No answer takes so long, however busy the machine is: one that never comes is a fault and not a wait for ever.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly HttpClient _zipped;
    private readonly GrpcChannel[] _channels;

    /// <param name="http">Where HTTP is served.</param>
    /// <param name="rpc">Where gRPC is served.</param>
    public SoakClients(Uri http, Uri rpc)
    {
        Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = http, Timeout = s_patience };
        _zipped = new HttpClient(new GzipHandler(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip })) { BaseAddress = http, Timeout = s_patience };
        _channels = [Open(rpc), Open(rpc)];
        Rpc = new GRPCInferenceService.GRPCInferenceServiceClient(_channels[0]);
        Doors =
        [
            new(new AskOverJson(Http), SoakWay.Http), new(new AskOverBinary(Http), SoakWay.Http), new(new AskOverJson(_zipped), SoakWay.Http), new(new AskOverBinary(_zipped), SoakWay.Http),
            .. _channels.Select(static channel => new SoakDoor(new AskOverRpc(new GRPCInferenceService.GRPCInferenceServiceClient(channel)), SoakWay.Rpc)),
        ];
        Streams = [(new DecoupledOverRpc(Rpc), SoakWay.Rpc), (new DecoupledOverEvents(Http), SoakWay.Http)];
    }

    public HttpClient Http { get; }

    public GRPCInferenceService.GRPCInferenceServiceClient Rpc { get; }

    /// <summary>JSON, bytes and both compressed over HTTP/1.1 connections that are kept, and gRPC over two connections.</summary>
    public SoakDoor[] Doors { get; }

    /// <summary>Streams of gRPC and of events.</summary>
    public (IDecoupledDoor Door, SoakWay Way)[] Streams { get; }

    public void Dispose()
    {
        Http.Dispose();
        _zipped.Dispose();
        Array.ForEach(_channels, static channel => channel.Dispose());
    }

    private static GrpcChannel Open(Uri rpc) => GrpcChannel.ForAddress(rpc, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
    });
}
