using Xunit;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>That the books of the load would tell of a count that is wrong, of a lane that is stuck and of memory that grows.</summary>
public sealed class SoakAuditTests
{
    private const string Model = "m";

    [Theory]
    [InlineData("", 3, 1, 0, 0)]
    [InlineData("", 4, 1, 0, 0)]
    [InlineData("", 3, 2, 0, 0)]
    [InlineData("", 3, 1, 1, 1)]
    [InlineData("told 200 3 times", 2, 1, 0, 0)]
    [InlineData("told 503 1 times", 3, 0, 0, 0)]
    [InlineData("counts 200 5 times", 5, 1, 0, 0)]
    [InlineData("only 2 were broken off", 4, 2, 1, 0)]
    [InlineData("counts 499 3 times", 3, 1, 3, 0)]
    [InlineData("inference_server_lanes_busy", 3, 1, 0, 1)]
    public void Books_AgainstCounters_TellWhatIsWrong(string wrong, int good, int refused, int gone, int later)
    {
        var books = new SoakBooks();
        for (var i = 0; i < 3; i++)
        {
            books.Open(SoakWay.Http, Model).Answer();
        }

        books.Open(SoakWay.Http, Model).Refuse("503");
        books.Open(SoakWay.Http, Model).Cut(SoakEnd.CutInHead);
        books.Open(SoakWay.Http, Model).Cut(SoakEnd.CutInBody);
        books.Open(SoakWay.Http, Model).Cut(SoakEnd.CutLater);
        var metrics = SoakMetrics.Read($$"""
            # HELP inference_server_answer_total What became of them.
            inference_server_answer_total{protocol="http",code="200"} {{good}}
            inference_server_answer_total{protocol="http",code="499"} {{gone}}
            inference_server_answer_total{protocol="http",code="503"} {{refused}}
            inference_server_answer_total{protocol="grpc",code="OK"} 0
            inference_server_lanes_busy{model="{{Model}}",version="1"} {{(wrong.Contains("busy", StringComparison.Ordinal) ? later : 0)}}
            nv_inference_request_success{model="{{Model}}",version="1"} 3
            nv_inference_request_failure{model="{{Model}}",version="1",reason="CANCELED"} 1
            """);
        var told = SoakAudit.Compare(books, metrics, [Model]);
        if (wrong.Length == 0)
        {
            Assert.Empty(told);
        }
        else
        {
            Assert.Contains(told, line => line.Contains(wrong, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(2, 0, true)]
    [InlineData(3, 1, true)]
    [InlineData(2, 2, true)]
    [InlineData(4, 0, true)]
    [InlineData(1, 1, false)]
    [InlineData(5, 0, false)]
    [InlineData(4, 1, false)]
    public void CountersOfAModel_AreExactButForThoseThatLeft(int successes, int failures, bool agrees)
    {
        var books = new SoakBooks();
        books.Open(SoakWay.Other, Model).Answer();
        books.Open(SoakWay.Other, Model).Answer();
        books.Open(SoakWay.Other, Model).Cut(SoakEnd.CutLater);
        books.Open(SoakWay.Other, Model).Cut(SoakEnd.CutLater);
        var metrics = SoakMetrics.Read($$"""
            nv_inference_request_success{model="{{Model}}",version="1"} {{successes}}
            nv_inference_request_failure{model="{{Model}}",version="1",reason="CANCELED"} {{failures}}
            """);
        Assert.Equal(agrees, SoakAudit.Compare(books, metrics, [Model]).Count == 0);
    }

    [Fact]
    public void Attempt_ThatNeverEnds_IsToldOf()
    {
        var books = new SoakBooks();
        books.Open(SoakWay.Other, Model);
        Assert.Equal("1 sent, but 0 answered, refused or cancelled", Assert.Single(SoakAudit.Compare(books, SoakMetrics.Read(""), [])));
    }

    [Fact]
    public void Attempt_ThatEndsTwice_IsAFault()
    {
        var books = new SoakBooks();
        var ticket = books.Open(SoakWay.Other, Model);
        ticket.Answer();
        ticket.Refuse("500");
        Assert.Single(books.Faults);
        Assert.Equal(1, books.Count(static _ => true));
    }

    /// <summary>A leak of so many bytes with each of forty thousand requests a minute.</summary>
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(30, 0, 1)]
    [InlineData(0, 60, 1)]
    [InlineData(30, 60, 2)]
    public void Memory_ThatGrowsWithRequests_IsToldOf(int managed, int native, int wrong)
    {
        SoakVitals[] series = [.. Enumerable.Range(1, 30).Select(round => round * 40_000L).Select(requests => new SoakVitals(requests, (150L << 20) + (requests * (managed + native)), (12 << 20) + (requests * managed), 30, 10, 4, 200))];
        Assert.Equal(wrong, SoakMemory.Judge(series, isLong: true).Count);
        Assert.Equal(managed * 1e6, SoakMemory.Slope(series, static one => one.Heap), 1.0);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(25)]
    public void Memory_OfARoundThatEndsJustAfterACollection_IsNoReasonToComplain(int collected)
    {
        SoakVitals[] series = [.. Enumerable.Range(1, 30).Select(round => new SoakVitals(round * 40_000L, (round == collected ? 160L : 180L) << 20, (round == collected ? 11 : 18 + (round % 3)) << 20, 30, 10, 4, 200))];

        Assert.Empty(SoakMemory.Judge(series, isLong: true));
    }
}
