TEST(there)
{
}
