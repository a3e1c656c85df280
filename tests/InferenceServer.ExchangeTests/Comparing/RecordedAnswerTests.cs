using InferenceServer.ExchangeTests.Exchanges;
using InferenceServer.ExchangeTests.Http;
using InferenceServer.ExchangeTests.Json;
using InferenceServer.ExchangeTests.Rpc;
using InferenceServer.ExchangeTests.Steps;
using Xunit;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>The comparison itself: a recorded answer equals itself, and one that is changed does not.</summary>
public sealed class RecordedAnswerTests
{
    private static IEnumerable<(string Name, JsonObject Exchange)> Exchanges =>
        ExchangeLibrary.Groups.SelectMany(static members => members.Cases)
            .SelectMany(static one => one.Steps.Select(step => (one.Key, Step: step)))
            .SelectMany(static pair => pair.Step.Has("request") ? [pair] : pair.Step.List("parallel").Select(item => (pair.Key, Step: (JsonObject)item!)));

    [Fact]
    public void RecordedAnswer_ComparedWithItself_HasNoDifference() => Assert.All(Exchanges, static one =>
        Assert.Empty(StepRunner.Compare(one.Exchange, Recorded(one.Exchange.Object("response")!))));

    [Fact]
    public void RecordedAnswer_WithAnotherOutcome_IsDifferent() => Assert.All(Exchanges, static one =>
    {
        var answer = Recorded(one.Exchange.Object("response")!);
        var changed = answer.Rpc is { } rpc ? answer with { Rpc = rpc with { Code = "DATA_LOSS" } } : answer with { Http = answer.Http! with { Status = 299 } };
        Assert.NotEmpty(StepRunner.Compare(one.Exchange, changed));
    });

    [Fact]
    public void RecordedAnswer_WithoutItsBody_IsDifferent() => Assert.All(
        Exchanges.Where(static one => one.Exchange.Object("compare")!.Text("mode") is "exact-json" or "infer-binary" or "sse" && one.Exchange.Object("response")!.Has("body")),
        static one => Assert.NotEmpty(StepRunner.Compare(one.Exchange, new StepAnswer(Recorded(one.Exchange.Object("response")!).Http! with { Body = [] }, null))));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1.0000001}""", true)]
    [InlineData("""{"a":1.5}""", """{"a":1.50001}""", false)]
    [InlineData("""{"a":9007199254740993}""", """{"a":9007199254740992}""", false)]
    [InlineData("""{"a":1}""", """{"a":true}""", false)]
    [InlineData("""{"a":1}""", """{"a":"1"}""", false)]
    [InlineData("""{"a":null}""", """{}""", false)]
    [InlineData("""{}""", """{"a":null}""", false)]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""", true)]
    [InlineData("""[1,2]""", """[2,1]""", false)]
    [InlineData("""[1,2]""", """[1]""", false)]
    [InlineData("""[NaN,Infinity]""", """[NaN,Infinity]""", true)]
    [InlineData("""[Infinity]""", """[-Infinity]""", false)]
    [InlineData("""{"outputs":[{"name":"b"},{"name":"a"}]}""", """{"outputs":[{"name":"a"},{"name":"b"}]}""", true)]
    [InlineData("""{"free":1}""", """{"free":2,"freed":3}""", true)]
    public void Values_AreComparedAsCasesSay(string expected, string actual, bool areEqual)
    {
        var found = new List<Difference>();
        new JsonComparison((JsonObject)JsonText.Parse("""{"sort":["/outputs"],"ignore":["/free*"]}""")!, found).Compare(JsonText.Parse(expected), JsonText.Parse(actual));
        Assert.Equal(areEqual, found.Count == 0);
    }

    [Theory]
    [InlineData("""{"series":[{"name":"n","labels":{"b":"2","a":"1"},"value":3}]}""", true)]
    [InlineData("""{"series":[{"name":"n","labels":{"a":"1"},"value":3}]}""", false)]
    [InlineData("""{"series":[{"name":"n","labels":{"b":"2","a":"1"},"value":4}]}""", false)]
    [InlineData("""{"series":[{"name":"n","labels":{"b":"2","a":"1"},"absent":true}]}""", false)]
    [InlineData("""{"series":[{"name":"zero","positive":true}]}""", false)]
    [InlineData("""{"types":{"n":"counter"}}""", true)]
    [InlineData("""{"types":{"n":"gauge"}}""", false)]
    [InlineData("""{"absent_families":["zero"]}""", false)]
    [InlineData("""{"absent_families":["none"]}""", true)]
    public void Metrics_AreComparedAsCasesSay(string compare, bool areEqual)
    {
        var found = new List<Difference>();
        new MetricsText("# HELP n it counts\n# TYPE n counter\nn{a=\"1\",b=\"2\"} 3\nzero 0\n").Compare((JsonObject)JsonText.Parse(compare)!, found);
        Assert.Equal(areEqual, found.Count == 0);
    }

    [Theory]
    [InlineData("""["input","[1,4]"]""", true)]
    [InlineData("""["nothing"]""", false)]
    [InlineData("""[["nothing","INPUT"]]""", true)]
    public void ErrorWords_AreLookedForInAnyCase(string words, bool areThere)
    {
        var found = new List<Difference>();
        ErrorWords.Compare("words", JsonText.Parse(words), "Input 'X' has shape [1,4]", found);
        Assert.Equal(areThere, found.Count == 0);
    }

    [Theory]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1 2]")]
    [InlineData("\"\u0001\"")]
    [InlineData("{} x")]
    [InlineData("")]
    public void Text_ThatIsNoJson_IsRefused(string text) => Assert.Throws<FormatException>(() => JsonText.Parse(text));

    private static StepAnswer Recorded(JsonObject response) => response.Has("code")
        ? new StepAnswer(null, new RpcAnswer(response.Text("code")!, response.Text("message") ?? "", response.Object("response"), response.Has("responses") ? response.List("responses") : null))
        : new StepAnswer(new HttpAnswer(response.Number("status")!.Value, response.Object("headers")!.ToDictionary(static header => header.Key, static header => (string)header.Value!), ExchangeBody.Of(response)), null);
}
