using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Protocols.KServe.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

public sealed class PlainInferCallTests
{
    private static byte[] Plain { get; } = Messages.Raw("UINT8", [2, 3], [1, 2, 3, 4, 5, 6]).ToByteArray();

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(6)]
    public async Task Call_OfAPlainMessage_IsAnsweredWithoutTheLibrary(int pieceLength)
    {
        await using var server = await PlainCallServer.StartAsync();
        var (answer, body) = await server.SendAsync(PlainCallServer.Frame(Plain), pieceLength);
        using (answer)
        {
            AssertEcho(answer, body, [1, 2, 3, 4, 5, 6]);
        }
    }

    [Fact]
    public async Task Call_LargerThanTheWindowsOfTheTransport_ComesBackWhole()
    {
        await using var server = await PlainCallServer.StartAsync();
        var data = new byte[5_000_000];
        new Random(3).NextBytes(data);
        for (var i = 0; i < 3; i++)
        {
            var (answer, body) = await server.SendAsync(PlainCallServer.Frame(Messages.Raw("UINT8", [data.Length], data).ToByteArray()), 300_000);
            using (answer)
            {
                AssertEcho(answer, body, data);
            }
        }
    }

    public static TheoryData<string, byte[]> OtherBodies => new()
    {
        { "not plain", PlainCallServer.Frame(Messages.With("priority", new InferParameter { Int64Param = -1 }).ToByteArray()) },
        { "no message of its type", PlainCallServer.Frame([0xFF, 0xFF, 0xFF]) },
        { "compressed", PlainCallServer.Frame(Plain, flag: 1) },
        { "incomplete", PlainCallServer.Frame(Plain)[..^1] },
        { "more than one", [.. PlainCallServer.Frame(Plain), .. PlainCallServer.Frame(Plain)] },
        { "half a head", [0, 0, 0] },
        { "nothing", [] },
        { "longer than there may be", [0, 0xFF, 0xFF, 0xFF, 0xFF, .. Plain] },
        { "large and not plain", PlainCallServer.Frame([.. Messages.Typed("UINT32", [500_000], new InferTensorContents { UintContents = { Enumerable.Repeat(1u << 30, 500_000) } }).ToByteArray(), .. Messages.With("priority", new InferParameter { Int64Param = -1 }).ToByteArray()]) },
    };

    [Theory]
    [MemberData(nameof(OtherBodies), DisableDiscoveryEnumeration = true)]
    public async Task Call_WithAnotherBody_GoesToTheLibraryWithAllOfIt(string what, byte[] body)
    {
        await using var server = await PlainCallServer.StartAsync(new KServeRpcOptions { MaxReceiveMessageBytes = 100 << 20 });
        foreach (var pieceLength in (int[])[int.MaxValue, Math.Max(1, body.Length / 7)])
        {
            var (answer, _) = await server.SendAsync(body, pieceLength);
            using (answer)
            {
                Assert.True(answer.Headers.Contains(PlainCallServer.LibraryHeader), what);
                Assert.Equal(body.Length.ToString(CultureInfo.InvariantCulture), Assert.Single(answer.Headers.GetValues(PlainCallServer.LibraryHeader)));
            }
        }
    }

    [Theory]
    [InlineData("application/grpc+proto", "x", "y")]
    [InlineData("application/grpc", "grpc-encoding", "gzip")]
    [InlineData("application/grpc", "grpc-timeout", "soon")]
    public async Task Call_WithAnotherHead_GoesToTheLibrary(string contentType, string header, string value)
    {
        await using var server = await PlainCallServer.StartAsync();
        var (answer, _) = await server.SendAsync(PlainCallServer.Frame(Plain), contentType: contentType, headers: (header, value));
        using (answer)
        {
            Assert.Equal((Plain.Length + 5).ToString(CultureInfo.InvariantCulture), Assert.Single(answer.Headers.GetValues(PlainCallServer.LibraryHeader)));
        }
    }

    [Fact]
    public async Task Call_WithATimeout_IsLimitedByIt()
    {
        await using var server = await PlainCallServer.StartAsync();
        TimeSpan? limit = null;
        server.Engine.Handler = (request, _) =>
        {
            limit = request.TimeLimit;
            return new(FakeEngine.Echo(request));
        };
        var (answer, body) = await server.SendAsync(PlainCallServer.Frame(Plain), headers: [("grpc-timeout", "90S"), ("grpc-encoding", "identity")]);
        using (answer)
        {
            AssertEcho(answer, body, [1, 2, 3, 4, 5, 6]);
        }

        Assert.Equal(TimeSpan.FromSeconds(90), limit);
    }

    [Fact]
    public async Task Call_ThatNamesOutputs_AsksForThese()
    {
        await using var server = await PlainCallServer.StartAsync();
        List<string> wanted = [];
        server.Engine.Handler = (request, _) =>
        {
            wanted = [.. request.RequestedOutputs];
            return new(FakeEngine.Echo(request));
        };
        var message = ModelInferRequest.Parser.ParseFrom(Plain);
        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "second" });
        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "first" });
        (await server.SendAsync(PlainCallServer.Frame(message.ToByteArray()))).Answer.Dispose();
        Assert.Equal(["second", "first"], wanted);
    }

    [Fact]
    public async Task Call_WithParameters_HasThem_ButForHowItWantsItsAnswers()
    {
        await using var server = await PlainCallServer.StartAsync();
        Dictionary<string, ParameterValue> given = [];
        server.Engine.Handler = (request, _) =>
        {
            given = new(request.Parameters);
            return new(FakeEngine.Echo(request));
        };
        var message = ModelInferRequest.Parser.ParseFrom(Plain);
        message.Parameters["sequence_id"] = new InferParameter { StringParam = "one" };
        message.Parameters["sequence_end"] = new InferParameter { BoolParam = true };
        message.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        var (answer, body) = await server.SendAsync(PlainCallServer.Frame(message.ToByteArray()));
        using (answer)
        {
            AssertEcho(answer, body, [1, 2, 3, 4, 5, 6]);
        }

        Assert.Equal(2, given.Count);
        Assert.Equal(ParameterValue.FromString("one"), given["sequence_id"]);
        Assert.Equal(ParameterValue.FromBool(true), given["sequence_end"]);
    }

    [Fact]
    public async Task Call_ForNoModel_IsNothingButItsStatus()
    {
        await using var server = await PlainCallServer.StartAsync();
        var message = ModelInferRequest.Parser.ParseFrom(Plain);
        message.ModelName = "nobody ü";
        var (answer, body) = await server.SendAsync(PlainCallServer.Frame(message.ToByteArray()));
        using (answer)
        {
            AssertFailure(answer, body, StatusCode.NotFound, "Request for unknown model: 'nobody %C3%BC' is not found");
            Assert.True(answer.Headers.Contains("grpc-status-details-bin"));
        }
    }

    [Fact]
    public async Task Call_WhoseAnswerIsTooLarge_SaysSo()
    {
        await using var server = await PlainCallServer.StartAsync(new KServeRpcOptions { MaxSendMessageBytes = 10 });
        var (answer, body) = await server.SendAsync(PlainCallServer.Frame(Plain));
        using (answer)
        {
            AssertFailure(answer, body, StatusCode.ResourceExhausted, "expected at most 10");
        }
    }

    [Fact]
    public async Task Call_ThatFails_TellsTheServersOwnErrorsAndLogsOthers()
    {
        await using var server = await PlainCallServer.StartAsync();
        server.Engine.Handler = static (request, _) => new(FakeEngine.Refuse(request, ErrorCode.Unavailable, "not now"));
        var (refused, none) = await server.SendAsync(PlainCallServer.Frame(Plain));
        using (refused)
        {
            AssertFailure(refused, none, StatusCode.Unavailable, "not now");
        }

        server.Engine.Handler = static (request, _) =>
        {
            request.Dispose();
            throw new InvalidDataException("secret");
        };
        var (failed, nothing) = await server.SendAsync(PlainCallServer.Frame(Plain));
        using (failed)
        {
            AssertFailure(failed, nothing, StatusCode.Internal, "the server failed unexpectedly; its log says how");
        }

        Assert.Equal("secret", Assert.Single(server.Log.Entries).Exception?.Message);
    }

    [Fact]
    public async Task Call_WhoseClientLeaves_EndsTheRequest()
    {
        await using var server = await PlainCallServer.StartAsync();
        var isThere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hasGone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Engine.Handler = async (request, cancellation) =>
        {
            isThere.SetResult();
            await using var registration = cancellation.Register(hasGone.SetResult);
            await hasGone.Task;
            return FakeEngine.Refuse(request, ErrorCode.Cancelled, "gone");
        };
        var sending = server.SendAsync(PlainCallServer.Frame(Plain));
        await isThere.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        server.Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await hasGone.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(server.Log.Entries);
    }

    private static void AssertEcho(HttpResponseMessage answer, byte[] body, byte[] data)
    {
        Assert.False(answer.Headers.Contains(PlainCallServer.LibraryHeader));
        Assert.Equal("application/grpc", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
        Assert.Equal(0, body[0]);
        Assert.Equal(body.Length - 5, BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)));
        var message = ModelInferResponse.Parser.ParseFrom(body.AsSpan(5));
        Assert.Equal("echo", message.ModelName);
        Assert.Equal(data, Assert.Single(message.RawOutputContents).ToByteArray());
    }

    private static void AssertFailure(HttpResponseMessage answer, byte[] body, StatusCode status, string message)
    {
        Assert.Empty(body);
        Assert.Equal("application/grpc", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(((int)status).ToString(CultureInfo.InvariantCulture), Assert.Single(answer.Headers.GetValues("grpc-status")));
        Assert.Contains(message, Assert.Single(answer.Headers.GetValues("grpc-message")), StringComparison.Ordinal);
    }
}
