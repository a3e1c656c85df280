using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.XGBoost.Engine;
using Xunit;

namespace InferenceServer.Backends.XGBoost.Tests;

public sealed class LoadTests
{
    private static readonly string s_text = File.ReadAllText(XGBoostModels.Iris);

    public LoadTests() => XGBoostModels.NeedLibrary();

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("hello", "expected a model as XGBoost's save_model writes it")]
    [InlineData("tree\nversion=v4\n", "expected a model as XGBoost's save_model writes it")]
    [InlineData("{}", "the field 'learner' is missing")]
    [InlineData("{\"learner\":", "it is no sound JSON: ")]
    [InlineData("{L", "the file ends in the middle")]
    [InlineData("binf", "the file ends in the middle")]
    public void Load_SomethingElse_SaysWhatWasExpected(string text, string expected)
    {
        var error = XGBoostModels.LoadFails(() => XGBoostModels.LoadText(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith("'model.json' cannot be loaded: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"left_children\":[1,", "\"left_children\":[99,", "the field 'trees[0].left_children': expected whole numbers from -1 to ")]
    [InlineData("\"left_children\":[1,", "\"left_children\":[0,", "trees[0]: two links lead to node 0")]
    [InlineData("\"left_children\":[1,", "\"left_children\":[", "the field 'trees[0].left_children': expected a list of ")]
    [InlineData("\"left_children\":[1,", "\"left_childs\":[1,", "the field 'trees[0].left_children' is missing")]
    [InlineData("\"parents\":[2147483647,0", "\"parents\":[2147483647,77", "the field 'trees[0].parents': expected numbers of nodes below")]
    [InlineData("\"split_indices\":[2,", "\"split_indices\":[4,", "the field 'trees[0].split_indices': expected numbers of features below 4, got 4")]
    [InlineData("\"num_feature\":\"4\",\"num_target\"", "\"num_feature\":\"2\",\"num_target\"", "the field 'trees[0].tree_param.num_feature': expected a whole number from 0 to 2, got '4'")]
    [InlineData("\"num_class\":\"3\",\"num_feature\"", "\"num_class\":\"2\",\"num_feature\"", "the objective has 3 classes and the model 2")]
    [InlineData("\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "expected gbtree or dart, since only models of trees are served, got 'gblinear'")]
    [InlineData("\"num_trees\":\"60\"", "\"num_trees\":\"61\"", "a round of training makes 3 trees, and there are 61")]
    [InlineData("\"num_parallel_tree\":\"1\"", "\"num_parallel_tree\":\"0\"", "expected a whole number from 1 to ")]
    [InlineData("\"id\":0,", "\"id\":60,", "the field 'trees[0].id': expected a number from 0 to 59 that no other tree has")]
    [InlineData("\"id\":0,", "\"id\":1,", "the field 'trees[1].id': expected a number from 0 to 59 that no other tree has")]
    [InlineData("\"tree_info\":[0,", "\"tree_info\":[3,", "the field 'model.tree_info': expected whole numbers from 0 to 2, got 3")]
    public void Load_UnsoundJson_SaysWhereAndWhy(string sound, string unsound, string expected)
    {
        var place = s_text.IndexOf(sound, StringComparison.Ordinal);
        Assert.True(place >= 0, "the sample has no such text");
        var error = XGBoostModels.LoadFails(() => XGBoostModels.LoadText(string.Concat(s_text.AsSpan(0, place), unsound, s_text.AsSpan(place + sound.Length))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BytesThatAreNoText_SaysSo()
    {
        var bytes = File.ReadAllBytes(XGBoostModels.BreastCancer);
        bytes[bytes.AsSpan().IndexOf("worst_area"u8)] = 0x96;
        Assert.Contains("bytes that are no UTF-8", XGBoostModels.LoadFails(() => XGBoostModels.LoadBytes(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_JsonWithSpaces_GivesTheSame()
    {
        using var whole = XGBoostModels.Load(XGBoostModels.Iris);
        using var spaced = XGBoostModels.LoadText("\n  " + s_text.Replace("{", "{ ", StringComparison.Ordinal).Replace(",", " ,\n", StringComparison.Ordinal));
        var input = XGBoostModels.Made(10, 4);
        Assert.Equal(SingleRun.Of(whole, input)["probabilities"].As<float>(), SingleRun.Of(spaced, input)["probabilities"].As<float>());
    }

    [Fact]
    public void Load_WhatTheLibraryRefuses_SaysWhatItSaysWithoutItsStack()
    {
        var error = XGBoostModels.LoadFails(static () => XGBoostModels.LoadText(s_text.Replace("multi:softprob", "multi:gamble", StringComparison.Ordinal)));
        Assert.Contains("multi:gamble", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".cc:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0x", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("ubj")]
    [InlineData("binary")]
    public void Load_TruncatedAnywhere_Fails(string format)
    {
        var whole = File.ReadAllBytes(FileOf(format));

        // The newline at the end of a text is none of it.
        for (var length = 1; length < whole.Length - 1; length += 997)
        {
            XGBoostModels.LoadFails(() => XGBoostModels.LoadBytes(whole[..length]));
        }
    }

    [Theory]
    [InlineData("json")]
    [InlineData("ubj")]
    [InlineData("binary")]
    public void Load_DamagedFiles_FailCleanlyOrServe(string format)
    {
        var whole = File.ReadAllBytes(FileOf(format));
        var failed = 0;
        var served = 0;
        for (var seed = 0; seed < 120; seed++)
        {
            var damaged = Damage(whole, new Random(seed), format);
            IBackendModel model;
            try
            {
                model = XGBoostModels.LoadBytes(damaged);
            }
            catch (BackendException error)
            {
                Assert.StartsWith("'model.json' cannot be loaded: ", error.Message, StringComparison.Ordinal);
                failed++;
                continue;
            }

            using (model)
            {
                // Whatever has passed may be asked for everything.
                var outputs = SingleRun.Of(model, XGBoostModels.Made(40, (int)model.Signature.Inputs[0].Shape[1]));
                Assert.Equal(4, outputs.Count);
                served++;
            }
        }

        Assert.True(failed >= 20 && served >= 5, $"{failed} failed and {served} served");
    }

    [Fact]
    public async Task Load_CancelledBefore_IsCancelled() =>
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await new XGBoostBackend().LoadAsync(
            XGBoostModels.Context(XGBoostModels.BreastCancer), new CancellationToken(canceled: true)));

    [Fact]
    public void Library_ThatIsNotThere_SaysWhatToInstall()
    {
        var error = Assert.Throws<BackendException>(static () => LibraryFinder.Load("/nowhere/libxgboost.so"));
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Equal("the file that the backend setting 'library' names is missing, or is no library of XGBoost for this machine", error.Message);
    }

    private static string FileOf(string format) => format switch { "ubj" => XGBoostModels.Ubj, "binary" => XGBoostModels.Binary, _ => XGBoostModels.Iris };

    /// <summary>Changes digits, single bytes or whole stretches: what a bad disk, an editor or a cut copy may do.</summary>
    private static byte[] Damage(byte[] whole, Random random, string format)
    {
        var damaged = whole.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var place = random.Next(damaged.Count);
            switch (random.Next(8))
            {
                case 0:
                    damaged.RemoveRange(place, Math.Min(random.Next(1, 60), damaged.Count - place));
                    break;
                case 1:
                    damaged.InsertRange(place, Encoding.ASCII.GetBytes("7"));
                    break;
                case 2 or 3:
                    damaged[place] = (byte)random.Next(256);
                    break;
                default:
                    damaged[place] = format == "json" ? (byte)('0' + random.Next(10)) : (byte)(damaged[place] ^ (1 << random.Next(8)));
                    break;
            }
        }

        return [.. damaged];
    }
}
