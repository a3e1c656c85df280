using System.Text.Json;
using Google.Protobuf;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Sequences;

/// <summary>The sample that writes on: the server keeps what has been written, one text beside another, over both protocols.</summary>
[Collection(SampleServerCollection.Name)]
public sealed class WrittenTextTests(SampleServer sample)
{
    private const int Characters = 81;

    private static readonly string[] s_characters = [.. File.ReadAllLines(Path.Combine(SampleServer.Repository, "moby_gpt", "characters.txt")).Select(static name => name switch
    {
        "\\0" => "\0",
        "\\n" => "\n",
        "space" => " ",
        _ => name,
    })];

    [Fact]
    public async Task TwoTextsAtOnce_GoOnAsEachAlone()
    {
        var (prompt, written) = Expected();
        var texts = await Task.WhenAll(WriteAsync("first", prompt, written.Length - prompt.Length), WriteAsync("second", prompt, written.Length - prompt.Length));
        Assert.All(texts, text => Assert.Equal(written, text));
    }

    [Fact]
    public async Task TextOverAStream_IsTheSame()
    {
        var (prompt, written) = Expected();
        using var call = sample.Server.Rpc.ModelStreamInfer(cancellationToken: TestContext.Current.CancellationToken);
        var text = prompt;
        var next = prompt;
        while (text.Length < written.Length)
        {
            await call.RequestStream.WriteAsync(Request("streamed", next, isStart: text == prompt, isEnd: text.Length == written.Length - 1), TestContext.Current.CancellationToken);
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal("", call.ResponseStream.Current.ErrorMessage);
            next = Likeliest(call.ResponseStream.Current.InferResponse);
            text += next;
        }

        await call.RequestStream.CompleteAsync();
        Assert.Equal(written, text);
    }

    private async Task<string> WriteAsync(string id, string prompt, int length)
    {
        var text = prompt;
        var next = prompt;
        for (var i = 0; i < length; i++)
        {
            var answer = await sample.Server.Rpc.ModelInferAsync(Request(id, next, isStart: i == 0, isEnd: i == length - 1), cancellationToken: TestContext.Current.CancellationToken);
            next = Likeliest(answer);
            text += next;
        }

        return text;
    }

    private static ModelInferRequest Request(string id, string text, bool isStart, bool isEnd)
    {
        var ids = text.Select(static character => (long)Array.IndexOf(s_characters, character.ToString())).ToArray();
        var request = new ModelInferRequest { ModelName = "moby_gpt" };
        request.Parameters["sequence_id"] = new InferParameter { StringParam = id };
        request.Parameters["sequence_start"] = new InferParameter { BoolParam = isStart };
        request.Parameters["sequence_end"] = new InferParameter { BoolParam = isEnd };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "input_ids", Datatype = "INT64", Shape = { 1, ids.Length } });
        request.RawInputContents.Add(ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(ids.AsSpan())));
        return request;
    }

    private static string Likeliest(ModelInferResponse answer)
    {
        var logits = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span)[^Characters..].ToArray();
        return s_characters[Array.IndexOf(logits, logits.Max())];
    }

    private static (string Prompt, string Written) Expected()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.TestData("moby_gpt.json")));
        return (document.RootElement.GetProperty("prompt").GetString()!, document.RootElement.GetProperty("greedy").GetString()!);
    }
}
