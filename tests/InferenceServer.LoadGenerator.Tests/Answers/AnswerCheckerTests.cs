using InferenceServer.Bench;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Models;
using InferenceServer.LoadGenerator.Answers;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Answers;

public sealed class AnswerCheckerTests
{
    private static readonly ModelMetadata _model = AddSub.Model();
    private static readonly IReadOnlyList<Tensor> _inputs = TensorGenerator.Inputs(_model, rows: 1);

    [Fact]
    public void Check_RightSums_ChecksValues() => Assert.Equal(AnswerCheck.Values, AnswerChecker.Check(_model, _inputs, Right()));

    [Fact]
    public void Check_UnknownModel_ChecksForm()
    {
        var model = _model with { Name = "other" };

        Assert.Equal(AnswerCheck.Form, AnswerChecker.Check(model, _inputs, Right() with { ModelName = "other" }));
    }

    [Fact]
    public void Check_OneWrongByte_IsRefused()
    {
        var answer = Right();
        answer.Outputs[1].Data[0] ^= 1;

        Assert.Contains("wrong values", Refused(answer), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_MissingOutput_IsRefused() =>
        Assert.Contains("no output 'OUTPUT1'", Refused(Right() with { Outputs = [Right().Outputs[0]] }), StringComparison.Ordinal);

    [Fact]
    public void Check_WrongShape_IsRefused() =>
        Assert.Contains("[1,15]", Refused(WithFirst(t => t with { Shape = [1, 15] })), StringComparison.Ordinal);

    [Fact]
    public void Check_WrongType_IsRefused() =>
        Assert.Contains("INT32", Refused(WithFirst(t => t with { DataType = "INT32" })), StringComparison.Ordinal);

    [Fact]
    public void Check_TooFewBytes_IsRefused() =>
        Assert.Contains("60 bytes", Refused(WithFirst(t => t with { Data = t.Data[..60] })), StringComparison.Ordinal);

    [Fact]
    public void CheckEqual_DifferentValues_NamesBothEncodings()
    {
        var other = Right();
        other.Outputs[0].Data[3] ^= 1;

        var error = Assert.Throws<BenchException>(() => AnswerComparison.CheckEqual(Right(), "Json", other, "Grpc"));

        Assert.Contains("Json and Grpc", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BytesBehindTheLastOutput_AreRefused()
    {
        var body = """{"model_name":"m","outputs":[]}"""u8.ToArray();

        var error = Assert.Throws<BenchException>(() => HttpAnswerReader.Read((byte[])[.. body, 1, 2], body.Length));

        Assert.Contains("2 bytes that belong to no output", error.Message, StringComparison.Ordinal);
    }

    private static Answer Right() => new("add_sub", KnownModels.Outputs(_model, _inputs));

    private static Answer WithFirst(Func<Tensor, Tensor> change)
    {
        var right = Right();
        return right with { Outputs = [change(right.Outputs[0]), right.Outputs[1]] };
    }

    private static string Refused(Answer answer) =>
        Assert.Throws<BenchException>(() => AnswerChecker.Check(_model, _inputs, answer)).Message;
}
