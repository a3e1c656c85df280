using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Streams;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Sends what no server should take: each is refused by its own status, and nothing else comes of it.</summary>
internal sealed class WrongCaller : ISoakActor
{
    private const string Infer = $"/v2/models/{SoakRepository.Strict}/infer";

    private static readonly (SoakWay Way, string Path, string Body, int Status)[] s_bodies =
    [
        (SoakWay.Http, Infer, "", 400),
        (SoakWay.Http, Infer, "{\"inputs\":[", 400),
        (SoakWay.Http, Infer, """{"inputs":[{"name":"Z","datatype":"UINT8","shape":[1],"data":[1]}]}""", 400),
        (SoakWay.Http, Infer, """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"data":[1]}]}""", 400),
        (SoakWay.Http, Infer, """{"inputs":[{"name":"X","datatype":"UINT8","shape":[1,1],"data":[1]}]}""", 400),
        (SoakWay.Http, Infer, """{"inputs":[{"name":"X","datatype":"UINT8","shape":[1],"data":[256]}]}""", 400),
        (SoakWay.Http, Infer, """{"inputs":[{"name":"X","datatype":"UINT8","shape":[4611686018427387904],"data":[1]}]}""", 400),
        (SoakWay.Http, Infer, $$"""{"x":{{new string('[', 100_000)}}""", 400),
        (SoakWay.Http, "/v2/models/nothing/infer", "{}", 404),
        (SoakWay.Http, $"/v2/models/{SoakRepository.Strict}/versions/7/infer", "{}", 404),
        (SoakWay.Http, $"/v2/models/{SoakRepository.Strict}/generate", "[]", 400),
        (SoakWay.Other, "/v2/nothing", "", 404),
        (SoakWay.Other, "/v2/health/live", "", 405),
    ];

    public async Task StepAsync(SoakScene scene, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                await CallAsync(scene, SoakRepository.Strict, "INT32", StatusCode.InvalidArgument);
                break;
            case 1:
                await CallAsync(scene, "nothing", "UINT8", StatusCode.NotFound);
                break;
            case 2:
                await WriteAsync(scene, random);
                break;
            default:
                await PostAsync(scene, random);
                break;
        }

        await scene.PauseAsync(random.Next(0, 20));
    }

    private static async Task PostAsync(SoakScene scene, Random random)
    {
        var (way, path, body, status) = s_bodies[random.Next(s_bodies.Length)];
        var ticket = scene.Books.Open(way, way == SoakWay.Http ? SoakRepository.Strict : path);
        using var content = new StringContent(body);
        using var answer = await scene.Clients.Http.PostAsync(path, content);
        var text = await answer.Content.ReadAsStringAsync();
        ticket.TurnAway($"{(int)answer.StatusCode}");
        if ((int)answer.StatusCode != status || !text.StartsWith("{\"error\":\"", StringComparison.Ordinal))
        {
            scene.Books.Fault($"{path} {body[..Math.Min(body.Length, 200)]}: {(int)answer.StatusCode} {text}");
        }
    }

    private static async Task CallAsync(SoakScene scene, string model, string type, StatusCode code)
    {
        var ticket = scene.Books.Open(SoakWay.Rpc, SoakRepository.Strict);
        var request = new ModelInferRequest { ModelName = model };
        request.Inputs.Add(StreamTest.Input("X", [1]));
        request.Inputs[0].Datatype = type;
        var refused = StatusCode.OK;
        try
        {
            await scene.Clients.Rpc.ModelInferAsync(request);
        }
        catch (RpcException exception)
        {
            refused = exception.StatusCode;
        }

        ticket.TurnAway(RpcCodes.NameOf($"{refused}"));
        if (refused != code)
        {
            scene.Books.Fault($"a call of '{model}' with {type}: expected {code}, got {refused}");
        }
    }

    /// <summary>What is no HTTP.</summary>
    private static async Task WriteAsync(SoakScene scene, Random random)
    {
        string[] texts = ["GET\r\n\r\n", "POST / HTTP/9.9\r\n\r\n", "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"];
        var ticket = scene.Books.Open(SoakWay.Other, "no HTTP");
        using var connection = await RawConnection.OpenAsync(scene.Http);
        await connection.WriteAsync(texts[random.Next(texts.Length)]);
        var (status, _, _) = await connection.ReadAnswerAsync();
        ticket.TurnAway($"{status}");
        if (status is not (400 or 505) || !await connection.IsAtEndAsync())
        {
            scene.Books.Fault($"what is no HTTP was answered with {status}, or its connection stays");
        }
    }
}
