using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.LightGbm.Engine;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using Xunit;

namespace InferenceServer.Backends.LightGbm.Tests;

public sealed class LoadTests
{
    private static readonly string s_text = File.ReadAllText(LightGbmModels.ThreeClasses);

    [Fact]
    public void Load_NoFile_SaysSo() =>
        Assert.Contains("needs a model file", LightGbmModels.LoadFails(static () => LightGbmModels.Load(LightGbmModels.Context(file: null))).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_MissingFile_NamesOnlyTheFile() =>
        Assert.Equal(
            "'nowhere.txt' cannot be read: FileNotFoundException",
            LightGbmModels.LoadFails(static () => LightGbmModels.Load(Path.Combine(Path.GetTempPath(), "nowhere.txt"))).Message);

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("hello", "whose first line is 'tree'")]
    [InlineData("tree\n", "the head lacks the field 'max_feature_idx'")]
    [InlineData("{\"learner\":{}}", "whose first line is 'tree'")]
    public void Load_SomethingElse_SaysWhatWasExpected(string text, string expected)
    {
        var error = LightGbmModels.LoadFails(() => LightGbmModels.LoadText(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith("'model.txt' cannot be loaded: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    // Each of these makes the library read or write outside its memory, run for ever, or serve fewer trees than were trained.
    [Theory]
    [InlineData("left_child=4 2", "left_child=9 2", "the field 'left_child' of tree 0: expected whole numbers from -6 to 4, got '9'")]
    [InlineData("left_child=4 2", "left_child=0 2", "tree 0: two links lead to node 0")]
    [InlineData("left_child=4 2", "left_child= 2", "the field 'left_child' of tree 0: expected 5 numbers, got 4")]
    [InlineData("split_feature=3 2", "split_feature=7 2", "the field 'split_feature' of tree 0: expected whole numbers from 0 to 6, got '7'")]
    [InlineData("num_leaves=6\n", "num_leaves=7\n", "the field 'leaf_value' of tree 0: expected 7 numbers, got 6")]
    [InlineData("num_leaves=6\n", "", "tree 0 lacks the field 'num_leaves'")]
    [InlineData("num_leaves=6\n", "num_leaves=6\nnum_leaves=9\n", "the field 'num_leaves' comes a second time in tree 0")]
    [InlineData("num_leaves=6\n", "num_leaves=6\nwithout\n", "expected a field of tree 0, name=value")]
    [InlineData("num_class=3\n", "num_class=2\n", "expected the same number, got 2 and 3")]
    [InlineData("num_class:3", "num_class:4", "expected num_class:3, as the field 'num_class' says, got 'multiclass num_class:4'")]
    [InlineData("max_feature_idx=6", "max_feature_idx=7", "the field 'feature_infos' of the head: expected 8 numbers, got 7")]
    [InlineData("max_feature_idx=6", "max_feature_idx=-5", "a whole number from 0 to")]
    [InlineData("feature_names=Column_0 ", "feature_names=", "expected 7 names, as 'max_feature_idx' says, got 6")]
    [InlineData("end of trees", "end of the trees", "expected a tree or 'end of trees'")]
    [InlineData("num_cat=0", "num_cat=1", "tree 0 lacks the field 'cat_boundaries'")]
    [InlineData("decision_type=2 ", "decision_type=3 ", "needs a list of categories")]
    public void Load_UnsoundText_SaysWhereAndWhy(string sound, string unsound, string expected)
    {
        var place = s_text.IndexOf(sound, StringComparison.Ordinal);
        Assert.True(place >= 0, "the sample has no such text");
        var error = LightGbmModels.LoadFails(() => LightGbmModels.LoadText(string.Concat(s_text.AsSpan(0, place), unsound, s_text.AsSpan(place + sound.Length))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TextThatTheLibraryRefuses_SaysWhatItSays()
    {
        var error = LightGbmModels.LoadFails(static () => LightGbmModels.LoadText(s_text.Replace("objective=multiclass ", "objective=gamble ", StringComparison.Ordinal)));
        Assert.Contains("gamble", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_LineEndsOfWindows_GivesTheSame()
    {
        using var unix = LightGbmModels.Load(LightGbmModels.ThreeClasses);
        using var windows = LightGbmModels.LoadText(s_text.Replace("\n", "\r\n", StringComparison.Ordinal));
        var input = LightGbmModels.Made(10, 7);
        Assert.Equal(SingleRun.Of(unix, input)["probabilities"].As<double>(), SingleRun.Of(windows, input)["probabilities"].As<double>());
    }

    [Fact]
    public void Load_TruncatedAnywhereInTheTrees_Fails()
    {
        var end = s_text.IndexOf("end of trees", StringComparison.Ordinal);
        for (var length = 1; length < end; length += 97)
        {
            LightGbmModels.LoadFails(() => LightGbmModels.LoadText(s_text[..length]));
        }
    }

    [Theory]
    [InlineData("three classes")]
    [InlineData("categories")]
    [InlineData("linear")]
    public void Load_DamagedFiles_FailCleanlyOrServe(string which)
    {
        var file = which switch { "categories" => LightGbmModels.Categories, "linear" => LightGbmModels.Linear, _ => LightGbmModels.ThreeClasses };
        var whole = File.ReadAllBytes(file);
        whole = whole[..whole.AsSpan().IndexOf("feature_importances:"u8)];
        var failed = 0;
        var served = 0;
        for (var seed = 0; seed < 120; seed++)
        {
            var damaged = Damage(whole, new Random(seed));
            IBackendModel model;
            try
            {
                model = LightGbmModels.LoadBytes(damaged);
            }
            catch (BackendException error)
            {
                Assert.StartsWith("'model.txt' cannot be loaded: ", error.Message, StringComparison.Ordinal);
                failed++;
                continue;
            }

            using (model)
            {
                // Whatever has passed may be asked for everything.
                var outputs = SingleRun.Of(model, LightGbmModels.Made(40, (int)model.Signature.Inputs[0].Shape[1]));
                Assert.Equal(4, outputs.Count);
                served++;
            }
        }

        Assert.True(failed >= 40 && served >= 5, $"{failed} failed and {served} served");
    }

    [Fact]
    public async Task Load_CancelledBefore_IsCancelled() =>
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await new LightGbmBackend().LoadAsync(
            LightGbmModels.Context(LightGbmModels.BreastCancer), new CancellationToken(canceled: true)));

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    [InlineData("-1")]
    public void Load_ThreadsThatAreNoNumber_AreToldTo(string value)
    {
        var error = LightGbmModels.LoadFails(() => LightGbmModels.Load(LightGbmModels.BreastCancer, ("num_threads", value)));
        Assert.Equal($"parameter 'num_threads': expected a whole number from 1 to 1024, got '{value}'", error.Message);
    }

    [Fact]
    public void Load_UnknownParameter_IsWarnedOf()
    {
        var context = LightGbmModels.Context(LightGbmModels.BreastCancer, ("threads", "2"));
        LightGbmModels.Load(context).Dispose();
        Assert.Equal(["parameter 'threads' is unknown to the lightgbm backend and has no effect; known is num_threads"], ((RecordingBackendLog)context.Log).Warnings);
    }

    [Theory]
    [InlineData("Unable to load shared library 'lib_lightgbm' ... libgomp.so.1: cannot open shared object file: No such file or directory", "apt-get install libgomp1")]
    [InlineData("Unable to load shared library 'lib_lightgbm' or one of its dependencies.", "publish it anew")]
    public void MissingLibrary_AsTheLoaderReportsIt_SaysWhatToInstall(string message, string expected) =>
        Assert.Contains(expected, MissingLibrary.Describe(new DllNotFoundException(message)), StringComparison.Ordinal);

    /// <summary>Changes digits, single bytes or whole lines: what a bad disk, an editor or a cut copy may do.</summary>
    private static byte[] Damage(byte[] whole, Random random)
    {
        var damaged = whole.ToList();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var place = random.Next(damaged.Count);
            switch (random.Next(4))
            {
                case 0:
                    damaged[place] = (byte)random.Next(256);
                    break;
                case 1:
                    damaged[place] = (byte)('0' + random.Next(10));
                    break;
                case 2:
                    damaged.RemoveRange(place, Math.Min(random.Next(1, 60), damaged.Count - place));
                    break;
                default:
                    damaged.InsertRange(place, Encoding.ASCII.GetBytes(random.Next(2) == 0 ? "-" : "\nnum_leaves=3\n"));
                    break;
            }
        }

        return [.. damaged];
    }
}
