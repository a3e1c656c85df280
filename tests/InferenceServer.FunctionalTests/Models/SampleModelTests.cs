using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>The sample models, asked real questions over every encoding, one by one and as a batch.</summary>
[Collection(SampleServerCollection.Name)]
public sealed class SampleModelTests(SampleServer sample)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> EveryEncoding => Encodings.All;

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task Digits_OneByOne_GetTheirProbabilities(string encoding)
    {
        var (images, probabilities, labels) = SampleData.Digits();
        for (var i = 0; i < images.Length; i++)
        {
            var answer = await AskAsync(encoding, new Question("digits", QuestionInput.Floats("image", [1, 1, 8, 8], images[i])) { Id = $"digit-{i}" });
            Assert.Equal($"digit-{i}", answer.Id);
            Assert.Equal("digits", answer.ModelName);
            Assert.Equal("1", answer.ModelVersion);
            AssertClose(probabilities[i], answer["probs"].Numbers, 1e-5);
            Assert.Equal([1, 10], answer["probs"].Shape);
            Assert.Equal(labels[i], answer["probs"].Numbers.IndexOf(answer["probs"].Numbers.Max()));
        }
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task Digits_AsABatchOfEight_GetTheirProbabilities(string encoding)
    {
        var (images, probabilities, _) = SampleData.Digits();
        var answer = await AskAsync(encoding, new Question("digits", QuestionInput.Floats("image", [8, 1, 8, 8], [.. images.SelectMany(static image => image)])));
        Assert.Equal([8, 10], answer["probs"].Shape);
        AssertClose([.. probabilities.SelectMany(static row => row)], answer["probs"].Numbers, 1e-5);
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task DigitsInHalfPrecision_GetTheirProbabilitiesNearly(string encoding)
    {
        var (images, probabilities, _) = SampleData.Digits();
        var answer = await AskAsync(encoding, new Question("digits_fp16", QuestionInput.Halves("image", [8, 1, 8, 8], [.. images.SelectMany(static image => image)])));
        Assert.Equal("FP16", answer["probs"].DataType);
        AssertClose([.. probabilities.SelectMany(static row => row)], answer["probs"].Numbers, 5e-3);
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task DigitsReader_ReadsBytes_OneByOneAndAsABatch(string encoding)
    {
        var (images, _, labels) = SampleData.Digits();
        var bytes = images.Select(static image => image.Select(static ink => (byte)Math.Round(255 * (1 - ink))).ToArray()).ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            var answer = await AskAsync(encoding, new Question("digits_reader", QuestionInput.Bytes("pixels", [1, 8, 8], bytes[i])));
            Assert.Equal("digits_reader", answer.ModelName);
            Assert.Equal([1, 1], answer["digit"].Shape);
            Assert.Equal(labels[i], answer["digit"].Numbers[0]);
            Assert.Equal(answer["probs"].Numbers.Max(), answer["confidence"].Numbers[0]);
        }

        var batch = await AskAsync(encoding, new Question("digits_reader", QuestionInput.Bytes("pixels", [bytes.Length, 8, 8], [.. bytes.SelectMany(static image => image)])));
        Assert.Equal(labels.Select(static label => (double)label), batch["digit"].Numbers.Select(static digit => (double)digit));
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task Wines_GetTheirLabelsAndProbabilities(string encoding)
    {
        var (features, probabilities, labels) = SampleData.Wines();
        for (var i = 0; i < features.Length; i++)
        {
            var answer = await AskAsync(encoding, new Question("wine", QuestionInput.Floats("features", [1, 13], features[i])));
            Assert.Equal([labels[i]], answer["label"].Texts);
            AssertClose(probabilities[i], answer["probabilities"].Numbers, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task Sentences_GetTheirEmbeddings(string encoding)
    {
        var (texts, embeddings) = SampleData.Sentences();
        for (var i = 0; i < texts.Length; i++)
        {
            var answer = await AskAsync(encoding, new Question("text_embedding", QuestionInput.Strings("text", [1, 1], texts[i])));
            AssertClose(embeddings[i], answer["embedding"].Numbers, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task AddSub_GivesWhatIsAskedInTheOrderOfTheClient(string encoding)
    {
        var left = Enumerable.Range(0, 16).Select(static i => i * 1.5f).ToArray();
        var right = Enumerable.Range(0, 16).Select(static i => 100f - i).ToArray();
        var question = new Question("add_sub", QuestionInput.Floats("INPUT1", [1, 16], right), QuestionInput.Floats("INPUT0", [1, 16], left));
        var both = await AskAsync(encoding, question);
        AssertClose([.. left.Zip(right, static (a, b) => a + b)], both["OUTPUT0"].Numbers, 0);
        AssertClose([.. left.Zip(right, static (a, b) => a - b)], both["OUTPUT1"].Numbers, 0);
        var swapped = await AskAsync(encoding, question with { Outputs = ["OUTPUT1", "OUTPUT0"] });
        Assert.Equal(["OUTPUT1", "OUTPUT0"], swapped.Outputs.Select(static output => output.Name));
        var one = await AskAsync(encoding, question with { Outputs = ["OUTPUT1"] });
        AssertClose([.. left.Zip(right, static (a, b) => a - b)], Assert.Single(one.Outputs).Numbers, 0);
    }

    private static void AssertClose(float[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"element {i}: expected {expected[i]}, got {actual[i]}");
        }
    }

    private async Task<Answer> AskAsync(string encoding, Question question) => (await sample.Server.Over(encoding).AskAsync(question, Token)).MustSucceed();
}
